// One canvas for all cells: ten thousand elements would take a second to lay out, ten thousand shapes take ten milliseconds.
const WORDS = { h: "held", f: "broke a promise", e: "does not tell: an error", a: "was aborted", m: "was not run" };
const COLOURS = { h: "--s-ok", f: "--s-error", e: "--s-warning", a: "--s-warning", m: "--s-soft" };

export function render({ model }) {
  const root = element("div", "seeds");
  const legend = element("div", "legend");
  const canvas = element("canvas", "");
  const tip = element("div", "tip");
  const say = element("div", "say");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-roledescription", "grid of seeds");
  say.setAttribute("aria-live", "polite");
  tip.hidden = true;
  root.append(legend, canvas, tip, say);

  let cursor = 0;
  let columns = 1;
  let size = 14;
  let frame = 0;

  const count = () => model.seeds.length;

  function draw() {
    frame = 0;
    const width = root.clientWidth || root.parentElement?.clientWidth || 600;
    size = count() <= 400 ? 18 : count() <= 2000 ? 13 : 9;
    columns = Math.max(1, Math.floor(width / size));
    const height = Math.max(1, Math.ceil(count() / columns)) * size;
    const scale = window.devicePixelRatio || 1;
    canvas.width = columns * size * scale;
    canvas.height = height * scale;
    canvas.style.width = `${columns * size}px`;
    canvas.style.height = `${height}px`;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    const style = getComputedStyle(root);
    const colours = Object.fromEntries(Object.entries(COLOURS).map(([key, name]) => [key, style.getPropertyValue(name)]));
    const back = style.getPropertyValue("--s-back");
    for (let at = 0; at < count(); at++) {
      const state = model.states[at];
      cell(pen, state, (at % columns) * size, Math.floor(at / columns) * size, size, colours[state], back);
    }
    mark(pen, model.seeds.indexOf(model.chosen), style.getPropertyValue("--s-text"), 2);
    if (root.getRootNode().activeElement === canvas) mark(pen, cursor, style.getPropertyValue("--s-accent"), 2);
    drawLegend(colours, back);
    label();
  }

  function mark(pen, at, colour, width) {
    if (at < 0 || at >= count()) return;
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.strokeRect((at % columns) * size + 1, Math.floor(at / columns) * size + 1, size - 2, size - 2);
  }

  function drawLegend(colours, back) {
    const totals = {};
    for (const state of model.states) totals[state] = (totals[state] ?? 0) + 1;
    legend.replaceChildren(
      ...Object.keys(WORDS).filter((state) => totals[state]).map((state) => {
        const shown = element("span", "");
        const sample = element("canvas", "");
        const scale = window.devicePixelRatio || 1;
        sample.width = sample.height = 14 * scale;
        sample.style.width = sample.style.height = "14px";
        sample.setAttribute("aria-hidden", "true");
        const pen = sample.getContext("2d");
        pen.scale(scale, scale);
        cell(pen, state, 0, 0, 14, colours[state], back);
        shown.append(sample, `${totals[state].toLocaleString("en")} ${WORDS[state]}`);
        return shown;
      }),
    );
  }

  function words(at) {
    const seed = model.seeds[at];
    const note = model.notes[String(seed)];
    return `seed ${seed} ${WORDS[model.states[at]]}${note ? `: ${note}` : ""}`;
  }

  function label() {
    const bad = [...model.states].filter((state) => state !== "h").length;
    canvas.setAttribute(
      "aria-label",
      `${count()} seeds, ${bad} of them did not hold. Arrow keys move, n goes to the next that did not hold, Enter opens. ` +
        (count() ? words(cursor) : ""),
    );
  }

  function show(at, x, y) {
    tip.hidden = at < 0;
    if (at < 0) return;
    tip.textContent = words(at);
    tip.style.left = `${Math.min(x, Math.max(0, root.clientWidth - tip.offsetWidth - 4))}px`;
    tip.style.top = `${canvas.offsetTop + y + size + 4}px`;
  }

  function under(event) {
    const box = canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / size);
    const at = Math.floor((event.clientY - box.top) / size) * columns + column;
    return column >= 0 && column < columns && at >= 0 && at < count() ? at : -1;
  }

  function move(at) {
    if (!count()) return;
    cursor = Math.max(0, Math.min(count() - 1, at));
    draw();
    say.textContent = words(cursor);
    show(cursor, (cursor % columns) * size, Math.floor(cursor / columns) * size);
  }

  function nextBad() {
    for (let step = 1; step <= count(); step++) {
      const at = (cursor + step) % count();
      if (model.states[at] !== "h") return at;
    }
    return cursor;
  }

  const steps = { ArrowRight: () => cursor + 1, ArrowLeft: () => cursor - 1, ArrowDown: () => cursor + columns,
    ArrowUp: () => cursor - columns, Home: () => 0, End: () => count() - 1, n: nextBad };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") open(cursor);
    else if (steps[event.key]) move(steps[event.key]());
    else return;
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    const at = under(event);
    show(at, (at % columns) * size, Math.floor(at / columns) * size);
  });
  canvas.addEventListener("pointerleave", () => show(-1, 0, 0));
  canvas.addEventListener("click", (event) => {
    const at = under(event);
    if (at >= 0) { cursor = at; open(at); }
  });
  canvas.addEventListener("focus", draw);
  canvas.addEventListener("blur", () => { show(-1, 0, 0); draw(); });

  function open(at) {
    if (at < count()) model.send_msg({ kind: "choose", seed: model.seeds[at] });
  }

  const soon = () => { frame = frame || requestAnimationFrame(draw); };
  for (const name of ["seeds", "states", "notes", "chosen", "theme"]) model.on(name, soon);
  const watcher = new ResizeObserver(soon);
  watcher.observe(root);
  model.on("remove", () => watcher.disconnect());
  soon();
  return root;
}

// What came of a seed is told by the shape: filled, crossed, a triangle, a ring, an empty box.
function cell(pen, state, x, y, size, colour, back) {
  const gap = size > 10 ? 2 : 1;
  const side = size - 2 * gap;
  pen.fillStyle = pen.strokeStyle = colour;
  pen.lineWidth = size > 10 ? 1.6 : 1.2;
  pen.globalAlpha = 1;
  if (state === "h") {
    pen.globalAlpha = 0.4;
    pen.fillRect(x + gap, y + gap, side, side);
    pen.globalAlpha = 1;
  } else if (state === "f") {
    pen.fillRect(x + gap, y + gap, side, side);
    pen.strokeStyle = back;
    const inset = gap + side * 0.25;
    line(pen, x + inset, y + inset, x + size - inset, y + size - inset);
    line(pen, x + size - inset, y + inset, x + inset, y + size - inset);
  } else if (state === "e") {
    pen.beginPath();
    pen.moveTo(x + size / 2, y + gap);
    pen.lineTo(x + size - gap, y + size - gap);
    pen.lineTo(x + gap, y + size - gap);
    pen.fill();
  } else if (state === "a") {
    pen.beginPath();
    pen.arc(x + size / 2, y + size / 2, side / 2 - 1, 0, 2 * Math.PI);
    pen.stroke();
  } else {
    pen.strokeRect(x + gap + 0.5, y + gap + 0.5, side - 1, side - 1);
  }
}

function line(pen, x0, y0, x1, y1) {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}

function element(name, kind) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  return made;
}
