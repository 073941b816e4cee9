// Reads sequence diagrams with mermaid's own parser: what it understood of each, as JSON.
// node mermaid.mjs FILE...
import { readFileSync } from "node:fs";
import mermaid from "mermaid";

// mermaid hides entities from its grammar in these signs, and puts them right when it draws.
const shown = (text) =>
    text.replace(/ﬂ°°(\d+)¶ß/g, (_, code) => String.fromCodePoint(Number(code)));

const read = async (file) => {
    const text = readFileSync(file, "utf8");
    const { diagramType, config } = await mermaid.parse(text);
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
    const { NOTE } = db.LINETYPE;
    const told = db.getMessages().map(({ from, to, message, type }) => {
        return { from, to, text: shown(message), note: type === NOTE };
    });
    const actors = [...db.getActors().values()].map((actor) => shown(actor.description));
    return { type: diagramType, config, actors, told };
};

console.log(JSON.stringify(await Promise.all(process.argv.slice(2).map(read))));
