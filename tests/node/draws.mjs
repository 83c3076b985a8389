// Reads a list of Mermaid texts and writes, for each, what Mermaid's own parser understands of it, as a browser would show
// it; or why it does not. Mermaid keeps what it must not touch as ﬂ°…¶ß, and cleans labels by the DOM that jsdom has.
import { JSDOM } from "jsdom";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { runInThisContext } from "node:vm";

const { window } = new JSDOM("");
Object.assign(globalThis, { window, document: window.document });
runInThisContext(readFileSync(createRequire(import.meta.url).resolve("@mermaid-js/tiny"), "utf8"));

function shown(label) {
  const place = document.createElement("div");
  place.innerHTML = label.replaceAll("ﬂ°°", "&#").replaceAll("ﬂ°", "&").replaceAll("¶ß", ";").replaceAll("<br>", "\n");
  if (place.childElementCount) throw new Error(`HTML in a label: ${label}`);
  return place.textContent;
}

async function understood(text) {
  try {
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
    return {
      nodes: [...db.getVertices().values()].map(({ id, text, type }) => [id, type, shown(text)]),
      edges: db.getEdges().map(({ start, end, stroke, text }) => [start, end, stroke, shown(text ?? "")]),
      boxes: db.getSubGraphs().map(({ id, title, nodes }) => [id, shown(title), nodes]),
    };
  } catch (error) {
    return { error: error.message };
  }
}

await mermaid.parse("flowchart TD"); // from now on it knows its diagrams
const told = [];
for (const text of JSON.parse(readFileSync(0, "utf8"))) told.push(await understood(text));
process.stdout.write(JSON.stringify(told));
