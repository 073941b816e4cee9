"use strict";
// The page is whole without this: it filters and unfolds, and opens what a link leads to.
for (const tools of document.querySelectorAll("[data-list]")) {
  const items = [...document.getElementById(tools.dataset.list).children];
  const input = tools.querySelector("input");
  const count = tools.querySelector("output");
  const texts = new Map();
  const text = (item) => {
    if (!texts.has(item)) texts.set(item, item.textContent.toLowerCase());
    return texts.get(item);
  };
  const filter = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of items) {
      item.hidden = !words.every((word) => text(item).includes(word));
      if (!item.hidden) shown += 1;
    }
    count.value = words.length ? `${shown} of ${items.length}` : "";
  };
  input.addEventListener("input", filter);
  tools.addEventListener("click", (event) => {
    const open = event.target.dataset.open;
    if (!open) return;
    for (const item of items) if (!item.hidden) item.open = open === "yes";
  });
  tools.hidden = false;
}
const reveal = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  for (let at = target.closest("details"); at; at = at.parentElement.closest("details")) {
    at.hidden = false;
    at.open = true;
  }
  target.scrollIntoView();
};
addEventListener("hashchange", reveal);
document.addEventListener("click", (event) => {
  // The same link once more is no change of the hash.
  const link = event.target.closest && event.target.closest("a");
  if (link && link.getAttribute("href") === location.hash) reveal();
});
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const item of folded) item.open = true;
});
addEventListener("afterprint", () => {
  for (const item of folded) item.open = false;
});
reveal();
