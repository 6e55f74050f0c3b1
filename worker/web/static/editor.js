// Boxes on a blank form: by mouse, touch and keyboard, and as numbers in a list beside it.
"use strict";

const form = document.getElementById("editor");
const sheet = form.querySelector("svg");
const list = document.getElementById("list");
const width = Number(form.dataset.width);
const height = Number(form.dataset.height);
const LEAST = 12; // px of a box's side
const STEP = Math.max(4, Math.round(width / 200)); // px of an arrow key
const GRIP = matchMedia("(any-pointer: coarse)").matches ? 28 : 12; // px on the screen
const fields = JSON.parse(form.dataset.fields);
const shown = new Map(); // field -> its box on the paper and its row in the list

const clamp = (value, low, high) => Math.min(Math.max(Math.round(value), low), high);

function part(name, attributes, parent) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  parent.append(made);
  return made;
}

function at(event) {
  const edge = sheet.getBoundingClientRect();
  return [((event.clientX - edge.left) * width) / edge.width, ((event.clientY - edge.top) * height) / edge.height];
}

function place(field, [x, y, w, h]) {
  const wide = clamp(w, LEAST, width);
  const high = clamp(h, LEAST, height);
  field.box = [clamp(x, 0, width - wide), clamp(y, 0, height - high), wide, high];
  draw(field);
}

function size(field, w, h) {
  const [x, y] = field.box;
  field.box = [x, y, clamp(w, LEAST, width - x), clamp(h, LEAST, height - y)];
  draw(field);
}

function draw(field) {
  const { box, area, grip, label, row } = shown.get(field);
  const [x, y, w, h] = field.box;
  const reach = Math.max(width / 60, (GRIP * width) / sheet.getBoundingClientRect().width);
  for (const [key, value] of Object.entries({ x, y, width: w, height: h })) area.setAttribute(key, value);
  for (const [key, value] of Object.entries({ x: x + w - reach / 2, y: y + h - reach / 2, width: reach, height: reach })) grip.setAttribute(key, value);
  label.setAttribute("x", x);
  label.setAttribute("y", Math.max(y - width / 250, width / 60));
  label.textContent = field.name;
  box.setAttribute("aria-label", `${field.name}, ${x} from the left, ${y} from the top, ${w} wide, ${h} high`);
  row.querySelectorAll("[data-box]").forEach((input) => {
    if (input !== document.activeElement) input.value = field.box[Number(input.dataset.box)];
  });
}

function mark(field) {
  for (const [one, { box, row }] of shown) {
    box.classList.toggle("current", one === field);
    row.classList.toggle("current", one === field);
  }
}

function remove(field) {
  const { box, row } = shown.get(field);
  const next = row.nextElementSibling || row.previousElementSibling;
  box.remove();
  row.remove();
  shown.delete(field);
  fields.splice(fields.indexOf(field), 1);
  (next ? next.querySelector("input") : document.getElementById("add")).focus();
}

function show(field) {
  const box = part("g", { class: "box", tabindex: "0", role: "button", "aria-roledescription": "box" }, sheet);
  const area = part("rect", { class: "area" }, box);
  const label = part("text", { "font-size": width / 60 }, box);
  const grip = part("rect", { class: "grip" }, box);
  const row = document.getElementById("row").content.firstElementChild.cloneNode(true);
  list.append(row);
  shown.set(field, { box, area, grip, label, row });
  for (const input of row.querySelectorAll("[data-key]")) {
    input.value = field[input.dataset.key];
    input.addEventListener("input", () => {
      field[input.dataset.key] = input.value;
      draw(field);
    });
  }
  for (const input of row.querySelectorAll("[data-box]")) {
    input.addEventListener("input", () => {
      const wanted = [...field.box];
      wanted[Number(input.dataset.box)] = Number(input.value) || 0;
      place(field, wanted);
    });
    input.addEventListener("blur", () => draw(field));
  }
  row.querySelector("[data-remove]").addEventListener("click", () => remove(field));
  row.addEventListener("focusin", () => mark(field));
  box.addEventListener("focus", () => mark(field));
  box.addEventListener("keydown", (event) => byKey(event, field));
  box.addEventListener("pointerdown", (event) => drag(event, field, event.target === grip));
  // Chromium pans the page under a finger on a part of an SVG, whatever its touch-action says.
  box.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  draw(field);
}

function byKey(event, field) {
  const step = event.altKey ? 1 : STEP;
  const [x, y, w, h] = field.box;
  const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
  if (event.key in moves) {
    const [dx, dy] = moves[event.key];
    if (event.shiftKey) size(field, w + dx, h + dy);
    else place(field, [x + dx, y + dy, w, h]);
  } else if (event.key === "Delete" || event.key === "Backspace") {
    remove(field);
  } else if (event.key === "Enter") {
    shown.get(field).row.querySelector("input").focus();
  } else {
    return;
  }
  event.preventDefault();
}

function follow(event, target, move, end = () => {}) {
  target.setPointerCapture(event.pointerId);
  const stop = () => {
    target.removeEventListener("pointermove", move);
    target.removeEventListener("pointerup", stop);
    target.removeEventListener("pointercancel", stop);
    end();
  };
  target.addEventListener("pointermove", move);
  target.addEventListener("pointerup", stop);
  target.addEventListener("pointercancel", stop);
}

function drag(event, field, sizing) {
  if (event.button !== 0) return;
  event.stopPropagation();
  event.preventDefault();
  const { box } = shown.get(field);
  box.focus({ preventScroll: true });
  const [fromX, fromY] = at(event);
  const [x, y, w, h] = field.box;
  follow(event, box, (moved) => {
    const [toX, toY] = at(moved);
    if (sizing) size(field, w + toX - fromX, h + toY - fromY);
    else place(field, [x + toX - fromX, y + toY - fromY, w, h]);
  });
}

function add(box) {
  const taken = new Set(fields.map((field) => field.name));
  let number = fields.length + 1;
  while (taken.has(`field_${number}`)) number += 1;
  const field = { name: `field_${number}`, kind: "full_name", style: "line", letters: "any", lexicon: null, label: "", box };
  fields.push(field);
  show(field);
  return field;
}

sheet.addEventListener("pointerdown", (event) => {
  if (event.button !== 0 || event.pointerType === "touch") return; // a finger scrolls the page
  event.preventDefault();
  const [fromX, fromY] = at(event);
  let field = null;
  follow(event, sheet, (moved) => {
    const [toX, toY] = at(moved);
    const box = [Math.min(fromX, toX), Math.min(fromY, toY), Math.abs(toX - fromX), Math.abs(toY - fromY)];
    if (!field && Math.max(box[2], box[3]) < LEAST) return;
    field = field || add(box.map(Math.round));
    place(field, box);
  }, () => field && shown.get(field).row.querySelector("input").select());
});

document.getElementById("add").addEventListener("click", () => {
  const edge = sheet.getBoundingClientRect();
  const [top, bottom] = [Math.max(edge.top, 0), Math.min(edge.bottom, innerHeight)]; // that is seen
  const seen = top < bottom ? (top + bottom) / 2 : (edge.top + edge.bottom) / 2;
  const middle = clamp(((seen - edge.top) * height) / edge.height, 0, height);
  const field = add([0, 0, LEAST, LEAST]);
  place(field, [width * 0.3, middle, width * 0.4, width * 0.04]);
  const { box, row } = shown.get(field);
  if (matchMedia("(pointer: fine)").matches) row.querySelector("input").select();
  else { // a phone's keyboard would cover it before it is placed
    box.focus({ preventScroll: true });
    box.scrollIntoView({ block: "center" });
  }
});

async function send(path, body) {
  const answer = await fetch(path, { method: "POST", body, headers: { "X-CSRF-Token": form.elements.csrf.value } });
  if (answer.ok) return answer;
  const said = await answer.json();
  throw new Error(said.message);
}

document.getElementById("scan").addEventListener("change", async (event) => {
  const tried = document.getElementById("tried");
  const picture = document.getElementById("trial");
  const [scan] = event.target.files;
  if (!scan) return;
  const body = new FormData();
  body.set("scan", scan);
  body.set("fields", JSON.stringify(fields));
  body.set("dpi", form.elements.dpi.value);
  tried.className = "";
  tried.textContent = "Looking…";
  picture.hidden = true;
  try {
    const answer = await send(form.action.replace(/save$/, "try"), body);
    URL.revokeObjectURL(picture.src);
    picture.src = URL.createObjectURL(await answer.blob());
    picture.hidden = false;
    tried.textContent = "Green is written in, blue is blank, red is not where it should be.";
  } catch (error) {
    tried.className = "notice bad";
    tried.textContent = error.message;
  }
  event.target.value = ""; // so that the same scan can be tried again
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  form.elements.fields.value = JSON.stringify(fields);
  const fault = document.getElementById("fault");
  fault.hidden = true;
  try {
    const answer = await send(form.action, new FormData(form));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    document.getElementById("main").replaceWith(page.getElementById("main"));
    document.getElementById("main").focus();
  } catch (error) {
    fault.textContent = error.message;
    fault.hidden = false;
  }
});

addEventListener("resize", () => fields.forEach(draw));
fields.forEach(show);
