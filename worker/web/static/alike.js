// Many at once: arrow keys move from crop to crop, space picks an odd one, Enter confirms the others.
"use strict";

const group = document.getElementById("group");
const boxes = group ? [...group.querySelectorAll('[type="checkbox"]')] : [];
const columns = () => {
  const top = boxes[0].closest("li").offsetTop;
  return boxes.filter((box) => box.closest("li").offsetTop === top).length;
};

function count() {
  const odd = boxes.filter((box) => box.checked).length;
  document.getElementById("count").textContent =
    odd === boxes.length ? "none" : odd ? `the other ${boxes.length - odd}` : `all ${boxes.length}`;
  document.getElementById("said").textContent = `${odd} odd, ${boxes.length - odd} to confirm`;
}

group?.addEventListener("change", count);
group?.addEventListener("keydown", (event) => {
  const at = boxes.indexOf(event.target);
  if (at < 0) return;
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(), ArrowUp: -columns() };
  if (event.key in steps) {
    event.preventDefault();
    boxes[at + steps[event.key]]?.focus();
  } else if (event.key === "Enter") {
    event.preventDefault();
    if (!event.repeat) group.requestSubmit();
  }
});
if (group) count();
