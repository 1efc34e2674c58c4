// The parts of the bar on top: picker of runs, controls of the world, menu of exports, help; and small things.
function runPicker(model, send) {
  const label = tag("span", "name", "No run yet");
  const detail = tag("span", "soft number");
  const state = tag("span", "state");
  const opener = button("button", "", () => (box.hidden ? open() : close()));
  opener.append(label, detail, tag("span", "gap"), state, tag("span", "soft", "▾"));
  opener.setAttribute("aria-haspopup", "listbox");
  opener.setAttribute("aria-expanded", "false");
  opener.title = "Choose a run (r)";
  const input = tag("input", "");
  input.placeholder = "Search runs: name, seed 7, failed …";
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-expanded", "true"); // it is seen only with its list
  input.setAttribute("aria-label", "Search runs");
  input.setAttribute("aria-controls", "studio-runs");
  const options = tag("ul", "");
  options.id = "studio-runs";
  options.setAttribute("role", "listbox");
  options.setAttribute("aria-label", "Runs, newest first");
  const box = tag("div", "popup", input, options);
  const root = tag("div", "picker", opener, box);
  let cursor = 0;
  box.hidden = true;

  function open() {
    box.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    input.value = "";
    cursor = 0;
    send({ kind: "runs", text: "" });
    input.focus();
  }

  function close() {
    box.hidden = true;
    opener.setAttribute("aria-expanded", "false");
    opener.focus();
  }

  function list() {
    const made = model.found.map((each, at) => {
      const line = tag("li", "", tag("span", "soft number", `#${each.run}`), tag("span", "name", `${each.name} · seed ${each.seed}`),
        tag("span", "soft number", `${each.records} records`), status(each.status));
      line.id = `studio-run-${at}`;
      line.setAttribute("role", "option");
      line.addEventListener("click", () => choose(each.run));
      return line;
    });
    options.replaceChildren(...(made.length ? made : [tag("li", "plain none", "No run is called so.")]));
    mark();
  }

  function mark() {
    cursor = Math.max(0, Math.min(model.found.length - 1, cursor));
    [...options.children].forEach((each, at) => each.setAttribute("aria-selected", String(at === cursor && model.found.length > 0)));
    input.setAttribute("aria-activedescendant", `studio-run-${cursor}`);
    options.children[cursor]?.scrollIntoView({ block: "nearest" });
  }

  function choose(run) {
    send({ kind: "go", changes: { run } });
    close();
  }

  input.addEventListener("input", () => {
    cursor = 0;
    send({ kind: "runs", text: input.value });
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") cursor += 1;
    else if (event.key === "ArrowUp") cursor -= 1;
    else if (event.key === "Enter" && model.found[cursor]) return choose(model.found[cursor].run);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    mark();
  });
  root.addEventListener("focusout", (event) => {
    if (root.contains(event.relatedTarget) || box.hidden) return;
    box.hidden = true;
    opener.setAttribute("aria-expanded", "false");
  });

  return {
    root,
    open,
    list,
    draw(run) {
      label.textContent = run ? run.name : "No run yet";
      detail.textContent = run ? `run ${run.run} · seed ${run.seed}` : "";
      state.replaceWith(run ? status(run.status, state) : state);
    },
  };
}

function status(text, into) {
  const made = into ?? tag("span", "");
  made.className = `state ${text.replace(" ", "-")}`;
  made.dataset.sign = SIGNS[text] ?? "●";
  made.textContent = text;
  return made;
}

function worldControls(send) {
  const act = (verb, value = null) => send({ kind: "act", verb, value });
  const state = tag("span", "state");
  const now = tag("span", "now number");
  now.title = "Virtual time";
  const toggle = iconButton("play", "Resume", () => press());
  const step = iconButton("step", "Step: to the next thing that happens", () => act("step"));
  const stop = iconButton("stop", "Stop: from here on it is played by hand", () => act("stop"));
  const speed = tag("select", "");
  speed.setAttribute("aria-label", "Speed, in times real time");
  speed.title = "Speed in times real time; without a limit, as fast as this machine can";
  for (const [value, text] of SPEEDS) speed.append(new Option(text, value === null ? "none" : String(value)));
  speed.addEventListener("change", () => act("start", speed.value === "none" ? null : Number(speed.value)));
  const root = tag("div", "world", state, now, toggle, step, stop, speed);
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", "Running world");
  root.hidden = true;
  let shown = null;

  function press() {
    if (shown.state === "running") act("pause");
    else if (shown.state === "paused") act("resume");
    else act("start", speed.value === "none" ? null : Number(speed.value));
  }

  return {
    root,
    isThere: () => !root.hidden,
    toggle: press,
    draw(world) {
      root.hidden = !world;
      if (!world) return;
      const isNew = !shown;
      shown = world;
      status(world.state, state);
      now.textContent = world.now;
      const isRunning = world.state === "running";
      toggle.firstChild.innerHTML = isRunning ? ICONS.pause : ICONS.play;
      toggle.title = isRunning ? "Pause" : world.state === "paused" ? "Resume" : "Start";
      toggle.setAttribute("aria-label", toggle.title);
      step.disabled = isRunning;
      stop.disabled = world.state === "by hand";
      if (document.activeElement !== speed && (isNew || world.state !== "by hand")) keepSpeed(world.speed);
    },
  };

  function keepSpeed(value) {
    const wanted = value === null ? "none" : String(value);
    if (![...speed.options].some((each) => each.value === wanted)) speed.append(new Option(`${value}×`, wanted));
    speed.value = wanted;
  }
}

function exportMenu(model, send) {
  const opener = button("button", "Export ▾", () => {
    turn(box.hidden);
    if (box.hidden) return;
    items()[0]?.focus();
    send({ kind: "exports" }); // what was still being read may be there now
  });
  const items = () => [...options.querySelectorAll("[role=menuitem]")];
  opener.setAttribute("aria-haspopup", "menu");
  opener.setAttribute("aria-expanded", "false");
  const options = tag("ul", "");
  options.setAttribute("role", "menu");
  const box = tag("div", "popup right", options);
  const root = tag("div", "picker", opener, box);
  box.hidden = true;
  root.addEventListener("focusout", (event) => {
    if (!root.contains(event.relatedTarget)) turn(false);
  });
  function turn(isOpen) {
    box.hidden = !isOpen;
    opener.setAttribute("aria-expanded", String(isOpen));
  }
  box.addEventListener("keydown", (event) => {
    const all = items(), at = all.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) all[(to + all.length) % all.length]?.focus();
    else if (event.key === "ArrowDown") leap(1);
    else if (event.key === "ArrowUp") leap(-1);
    else if (event.key === "Escape") { turn(false); opener.focus(); }
    else if (event.key === "Enter" || event.key === " ") document.activeElement.click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  // A line for each thing that can be taken away, with the forms in which it can.
  function lines() {
    const groups = new Map();
    for (const { title } of model.exports) {
      const at = title.lastIndexOf(", ");
      const [what, form] = at < 0 ? [title, "Save"] : [title.slice(0, at), title.slice(at + 2)];
      if (!groups.has(what)) groups.set(what, []);
      groups.get(what).push(item(title, form));
    }
    return [...groups].map(([what, made]) => {
      const said = tag("span", "name", what);
      said.setAttribute("aria-hidden", "true");
      const line = tag("li", "forms", said, ...made);
      line.setAttribute("role", "group");
      line.setAttribute("aria-label", what);
      return line;
    });
  }

  function leap(step) {
    const all = [...options.children], line = document.activeElement.closest("li");
    const wanted = [...line.querySelectorAll("[role=menuitem]")].indexOf(document.activeElement);
    const forms = all[(all.indexOf(line) + step + all.length) % all.length].querySelectorAll("[role=menuitem]");
    forms[Math.min(wanted, forms.length - 1)]?.focus();
  }

  function item(title, form) {
    const made = button("", form, () => {
      turn(false);
      opener.focus();
      send({ kind: "export", title });
    });
    made.tabIndex = -1;
    made.setAttribute("role", "menuitem");
    made.setAttribute("aria-label", title);
    return made;
  }

  return {
    root,
    draw() {
      root.hidden = !model.exports.length;
      const said = JSON.stringify(model.exports);
      if (options.dataset.said === said) return;
      options.dataset.said = said;
      if (options.contains(document.activeElement)) opener.focus();
      options.replaceChildren(...lines());
      if (!box.hidden) items()[0]?.focus();
    },
  };
}

function helpDialog() {
  const dialog = tag("dialog", "");
  dialog.setAttribute("aria-label", "Keyboard");
  const rows = KEYS.map(([key, what]) => tag("tr", "", tag("td", "", tag("kbd", "", key)), tag("td", "", what)));
  dialog.append(tag("h2", "", "Keyboard"), tag("table", "", tag("tbody", "", ...rows)), button("button", "Close", () => dialog.close()));
  return dialog;
}

// -- small things -----------------------------------------------------------------------------------------------------

function tag(name, classes, ...children) {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  made.append(...children);
  return made;
}

function button(classes, text, act) {
  const made = tag("button", classes, text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

function iconButton(icon, title, act) {
  const made = button("icon", "", act);
  made.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true">${ICONS[icon]}</svg>`;
  made.title = title;
  made.setAttribute("aria-label", title);
  return made;
}

function sameQuery(one, other, passing = new Set()) {
  const sorted = (query) => [...new URLSearchParams(query)].filter(([name]) => !passing.has(name))
    .map((pair) => pair.join("=")).sort().join("&");
  return sorted(one) === sorted(other);
}

function save(href, file) {
  const anchor = document.createElement("a");
  anchor.href = href;
  anchor.download = file;
  anchor.click();
  if (href.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(href), 10_000);
}

// Draw an SVG at twice its size, as sharp screens show it, or as large as browsers can; return where the PNG is.
async function drawn(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`the server answers ${answer.status}`);
  const root = new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement;
  const [, , width, height] = root.getAttribute("viewBox").split(/\s+/).map(Number);
  root.setAttribute("width", width);
  root.setAttribute("height", height);
  const scale = Math.min(2, PIXELS_MAX / width, PIXELS_MAX / height);
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(root)], { type: "image/svg+xml" }));
  await image.decode();
  URL.revokeObjectURL(image.src);
  const canvas = document.createElement("canvas");
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!blob) throw new Error("it is too large");
  return URL.createObjectURL(blob);
}

function deepFind(root, fits) {
  for (const each of root.querySelectorAll("*")) {
    if (fits(each) && each.offsetParent !== null) return each;
    const inner = each.shadowRoot && deepFind(each.shadowRoot, fits);
    if (inner) return inner;
  }
  return null;
}
