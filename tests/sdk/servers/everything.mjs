// server-everything takes its port from PORT and says nothing that a program could wait for, so
// this says "listening" once the port accepts. The argument is its transport: streamableHttp or sse.
import { createServer, connect } from "node:net";

const free = createServer();
await new Promise((done) => free.listen(0, "127.0.0.1", done));
const { port } = free.address();
await new Promise((done) => free.close(done));
process.env.PORT = String(port);
console.log = console.error; // its own words are no data
await import(`@modelcontextprotocol/server-everything/dist/transports/${process.argv[2]}.js`);
const accepted = () =>
  new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("connect", () => (socket.destroy(), done(true)));
    socket.on("error", () => done(false));
  });
while (!(await accepted()));
process.stdout.write(`listening ${port}\n`);
