// Keeps a part of a page up to date: fetches it again while the page is looked at.
"use strict";

for (const part of document.querySelectorAll("[data-live]")) {
  const every = Number(part.dataset.every);
  let shown = part.innerHTML.trim();

  async function refresh() {
    const busy = part.contains(document.activeElement);
    if (document.hidden || busy) return; // what somebody is about to press must not move
    const token = document.querySelector('meta[name="csrf"]').content;
    const answer = await fetch(part.dataset.live || location.href, { headers: { "X-CSRF-Token": token } });
    if (!answer.ok) return;
    const text = (await answer.text()).trim();
    if (text !== shown) {
      part.innerHTML = text;
      shown = text;
    }
  }

  if (!("done" in part.dataset)) {
    setInterval(() => refresh().catch(() => {}), every);
  }
}
