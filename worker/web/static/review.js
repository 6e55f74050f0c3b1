// Review without waiting: the next fields lie ready, and answers are sent while the next is read.
// The page works without this script, one page load a field.
"use strict";

const AHEAD = 4; // ask for more when fewer than these lie ready
const UNDOABLE = 50;
const PAINTED_MS = 100; // by then whatever is on the screen, the server is asked
const csrf = document.querySelector('meta[name="csrf"]').content;
const [stage, ready, said, trouble, done, undo, left] = [
  "stage", "ready", "said", "trouble", "done", "undo", "left",
].map((id) => document.getElementById(id));
const answered = []; // leases, the last at the end
const underWay = new Set(); // leases whose answer, or undo, has not arrived yet
let sending = Promise.resolve(); // answers leave one after the other
let asking = null;
let exhausted = false;

const current = () => stage.querySelector(".field");
const leaseOf = (field) => field.dataset.lease;

function show(field) {
  stage.replaceChildren(...(field ? [field] : []));
  done.hidden = Boolean(field);
  if (!field) {
    said.textContent = "Nothing waits for you.";
    done.setAttribute("tabindex", "-1");
    done.focus();
    return;
  }
  const text = field.querySelector(".text");
  if (matchMedia("(pointer: fine)").matches) { // on a phone the keyboard would cover the crop
    text.focus({ preventScroll: true });
    text.select();
  }
  const spoken = field.querySelector(".reading").textContent.replace(/\s+/g, " ").trim();
  said.textContent = `${field.getAttribute("aria-label")}. ${spoken}`;
}

// What lies ready is swapped in and painted before the server, or its answer, takes any time.
function painted() {
  return new Promise((go) => {
    requestAnimationFrame(() => setTimeout(go));
    setTimeout(go, PAINTED_MS); // a page that is not looked at paints nothing
  });
}

function next(since) {
  const field = ready.firstElementChild;
  if (field) {
    show(field);
    const image = field.querySelector(".crop img");
    const seen = () => requestAnimationFrame(() => performance.measure("next-field", { start: since }));
    if (!image || image.complete) seen();
    else image.addEventListener("load", seen, { once: true });
  } else if (exhausted) {
    show(null);
  } else {
    stage.replaceChildren();
    askForMore().then(() => next(since));
    return;
  }
  painted().then(askForMore);
}

function askForMore() {
  if (exhausted || ready.childElementCount >= AHEAD) return Promise.resolve();
  asking ??= fetchMore().finally(() => { asking = null; });
  return asking;
}

async function fetchMore() {
  const onDesk = [...document.querySelectorAll(".field")].map(leaseOf);
  const held = [...onDesk, ...underWay].map((lease) => `held=${lease}`);
  try {
    const added = await fragments(await send(`/review/next?${held.join("&")}`));
    exhausted = added.length === 0;
    ready.append(...added);
    for (const image of ready.querySelectorAll(".crop img")) image.decode().catch(() => {});
  } catch (error) {
    exhausted = true;
    complain(error);
  }
}

async function send(path, body) {
  const options = { method: body ? "POST" : "GET", body, headers: { "X-CSRF-Token": csrf }, keepalive: Boolean(body) };
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Error("The server does not answer. What could not be saved comes up again.");
  }
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({ message: `HTTP ${answer.status}` }));
  throw Object.assign(new Error(problem.message), { status: answer.status });
}

async function fragments(answer) {
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  return [...parsed.querySelectorAll(".field")].map((field) => document.adoptNode(field));
}

function complain(error) {
  if (error.status === 401) location.href = "/login?next=/review";
  trouble.textContent = error.message;
  trouble.hidden = false;
}

function answer(field, button) {
  const since = performance.now();
  const body = new URLSearchParams(new FormData(field.querySelector("form"), button));
  const lease = leaseOf(field);
  trouble.hidden = true;
  answered.push(lease);
  underWay.add(lease);
  if (answered.length > UNDOABLE) answered.shift();
  undo.hidden = false;
  left.textContent = Math.max(0, Number(left.textContent) - 1);
  exhausted = false;
  next(since);
  sending = Promise.all([sending, painted()]).then(() => send("/review/answers", body)).catch((error) => {
    complain(error);
    forget(lease);
    if (!error.status || error.status >= 500 || error.status === 400) comeNext(field);
  }).finally(() => underWay.delete(lease));
}

function forget(lease) {
  const at = answered.lastIndexOf(lease);
  if (at >= 0) answered.splice(at, 1); // else it was among the oldest, or is being undone
  undo.hidden = answered.length === 0;
}

// Whoever types in another field goes on with that one: this one comes after it.
function comeNext(field) {
  left.textContent = Number(left.textContent) + 1;
  ready.prepend(field);
  if (!done.hidden) next(performance.now()); // where more are being fetched, they show it
}

function putBack(field) {
  const shown = current();
  if (shown) ready.prepend(shown);
  show(field);
}

async function goBack() {
  const lease = answered.pop();
  undo.hidden = answered.length === 0;
  if (!lease) return;
  underWay.add(lease);
  await sending; // what is taken back must have arrived
  const back = [current(), ...ready.children].find((field) => field && leaseOf(field) === lease);
  if (back) { // it did not arrive, and is here again already
    underWay.delete(lease);
    if (back !== current()) putBack(back);
    return;
  }
  try {
    const body = new URLSearchParams({ lease });
    const [field] = await fragments(await send("/review/undo", body));
    left.textContent = Number(left.textContent) + 1;
    putBack(field);
  } catch (error) {
    complain(error);
  } finally {
    underWay.delete(lease);
  }
}

document.addEventListener("submit", (event) => {
  const field = event.target.closest(".field");
  if (event.target === undo) {
    event.preventDefault();
    goBack();
  } else if (field && field === current()) {
    event.preventDefault();
    answer(field, event.submitter ?? field.querySelector(".primary"));
  }
});

document.addEventListener("keydown", (event) => {
  const field = current();
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  const text = field?.querySelector(".text");
  if (event.key === "6" && !undo.hidden) {
    event.preventDefault();
    if (!event.repeat) goBack();
  } else if (!field) {
    return;
  } else if (event.key === "Escape") {
    text.value = text.defaultValue;
    text.select();
  } else if (event.key === "Enter") {
    if (event.target.closest("a, button, summary")) return;
    event.preventDefault();
    if (!event.repeat) field.querySelector("form").requestSubmit(field.querySelector(".primary"));
  } else if (/^\d$/.test(event.key)) {
    press(event, field.querySelector(`[data-key="${event.key}"]`));
  } else if (event.key.length === 1 && event.target === document.body && event.key !== " ") {
    text.focus(); // and the letter goes there
    text.select();
  }
});

function press(event, what) {
  event.preventDefault();
  if (!what || event.repeat) return;
  if (what.tagName === "DETAILS") what.open = !what.open;
  else what.click();
}

undo.querySelector("[name=lease]").value && answered.push(undo.querySelector("[name=lease]").value);
const first = current();
if (first) show(first);
askForMore();
