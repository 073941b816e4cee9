// Opens a report in Chromium as people do, and says what happened there: one JSON object.
//
//   node page.mjs FILE FOLDER      screenshots go into the folder

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

// Whatever hangs: it ends.
setTimeout(() => {
  process.stderr.write("the browser took too long\n");
  process.exit(1);
}, 120_000).unref();

const [file, folder] = process.argv.slice(2);
const url = pathToFileURL(file).href;
const profile = mkdtempSync(join(tmpdir(), "wiretape-page-"));
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update",
  ],
  timeout: 60_000,
});
context.setDefaultTimeout(30_000);
const told = { console: [], errors: [], requests: [], widths: {}, shots: [] };

async function open(width, colorScheme) {
  const page = await context.newPage();
  page.on("console", (message) => told.console.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => told.errors.push(String(error)));
  page.on("request", (request) => told.requests.push(request.url()));
  page.on("dialog", (dialog) => {
    told.errors.push(`dialog: ${dialog.message()}`);
    return dialog.dismiss();
  });
  await page.setViewportSize({ width, height: 900 });
  await page.emulateMedia({ colorScheme });
  await page.goto(url);
  return page;
}

try {
  for (const [name, width, scheme] of [
    ["wide", 1600, "light"], ["narrow", 360, "light"], ["dark", 1600, "dark"],
  ]) {
    const page = await open(width, scheme);
    const path = join(folder, `${name}.png`);
    await page.screenshot({ path, fullPage: true });
    told.shots.push(path);
    // What does not fit would have to be scrolled sideways.
    told.widths[name] = await page.evaluate(() => document.documentElement.scrollWidth);
    told.ground = { ...told.ground, [name]: await page.evaluate(() => getComputedStyle(document.body).backgroundColor) };
    await page.close();
  }
  const page = await open(1600, "light");
  // A message unfolds by its line.
  const first = page.locator(".messages > details").first();
  const inside = first.locator(".inside");
  const seen = async () => [await inside.isVisible()];
  told.folding = [...await seen()];
  await first.locator("summary").click();
  told.folding.push(...await seen());
  await first.locator("summary").click();
  told.folding.push(...await seen());
  // An arrow leads to its message, and that unfolds.
  const arrow = page.locator("svg.sequence a[href^='#m']").last();
  const target = await arrow.getAttribute("href");
  await arrow.click();
  await page.locator(target).waitFor({ state: "visible" });
  told.arrow = await page.locator(target).isVisible();
  // So does a bar to its exchange.
  const bar = page.locator("svg.timeline a").first();
  const exchange = await bar.getAttribute("href");
  await bar.click();
  await page.locator(exchange).waitFor({ state: "visible" });
  told.bar = await page.locator(exchange).isVisible();
  // Filtered, the others are gone.
  const all = await page.locator(".messages > details").count();
  await page.locator("input[type=search]").first().fill("initialize");
  const left = await page.locator(".messages > details:not([hidden])").count();
  told.filter = [all, left];
  await page.locator("input[type=search]").first().fill("");
  await page.getByRole("button", { name: "Unfold all" }).first().click();
  told.unfolded = await page.locator("#list1 > details[open]").count();
  told.title = await page.title();
  const unfolded = join(folder, "unfolded.png");
  await page.screenshot({ path: unfolded, fullPage: true });
  told.shots.push(unfolded);
  await page.close();

  // On paper nothing is folded.
  const paper = await open(1200, "light");
  const pdf = join(folder, "paper.pdf");
  await paper.pdf({ path: pdf, format: "A4" });
  told.shots.push(pdf);
  await paper.close();
} finally {
  await context.close();
  rmSync(profile, { recursive: true, force: true });
}
process.stdout.write(`${JSON.stringify(told)}\n`);
