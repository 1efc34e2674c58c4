// The bar on top, the line at the foot and the shortcuts. They are drawn into the page itself, not into a shadow tree,
// so that the tabs and their panel know each other. What is shown comes from the server; what is done goes back to it.
const ICONS = {
  mark: '<g fill="none" stroke="currentColor" stroke-width="1.6"><circle cx="3.5" cy="8" r="2"/><circle cx="12.5" cy="3.5" r="2"/><circle cx="12.5" cy="12.5" r="2"/><path d="M5.3 7.1l5.4-2.7M5.3 8.9l5.4 2.7"/></g>',
  pause: '<path fill="currentColor" d="M4 3h3v10H4zM9 3h3v10H9z"/>',
  play: '<path fill="currentColor" d="M4.5 2.8v10.4L13 8z"/>',
  step: '<path fill="currentColor" d="M3 3v10l6.5-5zM10.5 3H13v10h-2.5z"/>',
  stop: '<path fill="currentColor" d="M3.5 3.5h9v9h-9z"/>',
  sun: '<g fill="none" stroke="currentColor" stroke-width="1.4"><circle cx="8" cy="8" r="3"/><path d="M8 1v2M8 13v2M1 8h2M13 8h2M3 3l1.4 1.4M11.6 11.6L13 13M3 13l1.4-1.4M11.6 4.4L13 3"/></g>',
  moon: '<path fill="none" stroke="currentColor" stroke-width="1.4" d="M13.5 9.6A6 6 0 0 1 6.4 2.5a6 6 0 1 0 7.1 7.1z"/>',
  link: '<g fill="none" stroke="currentColor" stroke-width="1.5"><path d="M6.5 9.5l3-3M7 4.5l1.6-1.6a3.2 3.2 0 0 1 4.5 4.5L11.5 9M9 11.5l-1.6 1.6a3.2 3.2 0 0 1-4.5-4.5L4.500 7"/></g>',
};
const SIGNS = { running: "●", live: "●", paused: "❚❚", "by hand": "❚❚", closed: "■", finished: "✓", died: "✕", aborted: "✕", "cut off": "✕" };
const LEVELS = { info: "●", success: "✓", warning: "▲", error: "✕" };
const SPEEDS = [[1, "1×"], [10, "10×"], [100, "100×"], [null, "no limit"]];
const KEYS = [
  ["1 – 8", "open a tab"],
  ["/", "go to the filter of the tab"],
  ["r", "choose a run"],
  ["Space", "pause or resume the world"],
  ["c", "take all filters back"],
  ["Esc", "close what is open"],
  ["[  ]", "the trace before, the trace after"],
  ["t", "light or dark"],
  ["?", "this list"],
];
const REPLACE_MS = 400;
const PIXELS_MAX = 16_000; // of a side of a picture
const ASK_MS = [1000, 2000, 3000, 5000, 10000];

export function render({ model }) {
  const bar = document.getElementById("studio-bar");
  const foot = document.getElementById("studio-foot");
  const panel = document.getElementById("studio-panel");
  const send = (message) => model.send_msg(message);
  const isHeld = parent !== window;
  const go = (changes) => send({ kind: "go", changes });

  // -- skeleton: made once, so that focus and open menus survive every update
  const picker = runPicker(model, send);
  const follow = button("button", "Follow newest", () => go({ run: model.state.follows ? model.clock.run?.run ?? null : null }));
  follow.title = "Always show the run that began last";
  const world = worldControls(send);
  const theme = iconButton("moon", "Theme", () => turn());
  const link = iconButton("link", "Copy a link to what is shown", () => send({ kind: "link" }));
  const help = button("icon", "?", () => shortcuts.showModal());
  help.setAttribute("aria-label", "Keyboard shortcuts");
  const mark = tag("h1", "mark");
  mark.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true">${ICONS.mark}</svg><span>Studio</span>`;
  const top = tag("div", "top", mark, picker.root, follow, world.root, tag("div", "gap"), theme, link, help);

  const tabs = tag("div", "tabs");
  tabs.setAttribute("role", "tablist");
  tabs.setAttribute("aria-label", "Views");
  const exports = exportMenu(model, send);
  const lower = tag("div", "lower", tabs, tag("div", "gap"), exports.root);
  const chips = tag("div", "chips");
  const notices = tag("div", "notices");
  notices.setAttribute("aria-live", "polite");
  const shortcuts = helpDialog();
  bar.replaceChildren(top, lower, chips, notices, shortcuts);

  // -- what the server says
  function drawState() {
    const state = model.state;
    if (!state.tabs) return;
    if (state.theme) document.documentElement.dataset.theme = state.theme; // empty until it was told ours
    const isDark = document.documentElement.dataset.theme === "dark";
    theme.firstChild.innerHTML = isDark ? ICONS.sun : ICONS.moon;
    theme.title = isDark ? "Light" : "Dark";
    theme.setAttribute("aria-label", `Use the ${theme.title.toLowerCase()} theme`);
    follow.setAttribute("aria-pressed", String(state.follows));
    follow.hidden = state.count < 2;
    document.getElementById("studio-loading").hidden = state.isBuilt;
    drawTabs(state);
    if (isHeld) parent.postMessage({ source: "studio-dashboard", kind: "state", query: state.query }, "*");
    drawChips(state);
    keepQuery(state.query);
  }

  function drawTabs(state) {
    if (tabs.childElementCount !== state.tabs.length) {
      tabs.replaceChildren(...state.tabs.map((each, at) => {
        const made = button("", each.title, () => go({ tab: each.name }));
        made.id = `studio-tab-${each.name}`;
        made.dataset.name = each.name;
        made.title = `${each.title} (${at + 1})`;
        made.setAttribute("role", "tab");
        made.setAttribute("aria-controls", "studio-panel");
        return made;
      }));
    }
    for (const each of tabs.children) {
      const isShown = each.dataset.name === state.tab;
      each.setAttribute("aria-selected", String(isShown));
      each.tabIndex = isShown ? 0 : -1;
      if (isShown && panel.getAttribute("aria-labelledby") !== each.id) {
        panel.setAttribute("aria-labelledby", each.id);
        document.getElementById("studio-title").textContent = each.textContent;
        panel.scrollTop = 0;
        each.scrollIntoView({ block: "nearest", inline: "nearest" });
      }
    }
  }

  tabs.addEventListener("keydown", (event) => {
    const all = [...tabs.children];
    const at = all.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = all[(to + all.length) % all.length];
    next.focus();
    next.click();
  });

  function drawChips(state) {
    chips.hidden = !state.chips.length;
    const made = state.chips.map((each) => {
      const remove = button("", "✕", () => go(Object.fromEntries(each.names.map((name) => [name, null]))));
      remove.setAttribute("aria-label", `Remove the filter ${each.title} ${each.value}`);
      return tag("span", "chip", tag("span", "soft", each.title), " ", tag("b", "", each.value), remove);
    });
    const clear = button("quiet soft", "Clear all", clearFilters);
    replaced(chips, JSON.stringify(state.chips), [tag("span", "soft", "Only"), ...made, ...(made.length > 1 ? [clear] : [])]);
  }

  function clearFilters() {
    const names = model.state.chips.flatMap((each) => each.names);
    if (names.length) go(Object.fromEntries(names.map((name) => [name, null])));
  }

  function drawClock() {
    const clock = model.clock;
    picker.draw(clock.run);
    world.draw(clock.world);
    const words = (clock.corner ?? []).map((each) => tag("span", "", each));
    foot.replaceChildren(...words, tag("span", "gap"), connection);
    if (clock.run) document.title = `${clock.run.name} · run ${clock.run.run} · Studio`;
  }

  const connection = tag("span", "", "connected");

  function drawNotices() {
    const made = [...model.notices, ...(lost.text ? [{ key: "", text: lost.text, level: "warning" }] : [])].map((each) => {
      const sign = tag("span", "sign", LEVELS[each.level]);
      sign.setAttribute("aria-hidden", "true");
      const line = tag("div", `notice ${each.level}`, sign, tag("p", "", each.text));
      line.setAttribute("role", each.level === "error" ? "alert" : "status");
      if (each.key) {
        const close = button("quiet", "✕", () => send({ kind: "dismiss", key: each.key }));
        close.setAttribute("aria-label", "Close this notice");
        line.append(close);
      }
      return line;
    });
    replaced(notices, JSON.stringify([model.notices, lost.text]), made);
  }

  // Put something else into a place, unless it says the same; whoever has the keyboard there keeps it nearby.
  function replaced(place, said, made) {
    if (place.dataset.said === said) return;
    place.dataset.said = said;
    const at = [...place.querySelectorAll("button")].indexOf(document.activeElement);
    place.replaceChildren(...made);
    if (at < 0) return;
    const left = [...place.querySelectorAll("button")];
    (left[Math.min(at, left.length - 1)] ?? tabs.querySelector("[aria-selected=true]")).focus();
  }

  // -- the address: what the desk holds stands in it, and back and forward change the desk
  // How it is looked at (an instant, an order) changes many times a second: that makes no steps of its own, and is
  // written a moment later, since browsers refuse an address that changes all the time.
  function keepQuery(query) {
    const passing = new Set(model.state.passing);
    const isStep = keepQuery.begun && !sameQuery(keepQuery.query, query, passing);
    clearTimeout(keepQuery.timer);
    if (isStep) {
      if (!sameQuery(location.search, keepQuery.query)) history.replaceState(null, "", location.pathname + keepQuery.query);
      if (!sameQuery(location.search, query)) history.pushState(null, "", location.pathname + query);
    } else {
      const replace = () => {
        if (!sameQuery(location.search, query)) history.replaceState(null, "", location.pathname + query);
      };
      if (keepQuery.begun) keepQuery.timer = setTimeout(replace, REPLACE_MS);
      else replace();
    }
    keepQuery.begun = true;
    keepQuery.query = query;
  }

  const onPop = () => {
    clearTimeout(keepQuery.timer);
    keepQuery.query = location.search; // what the server answers is this place, and no new step
    send({ kind: "query", query: location.search });
  };
  addEventListener("popstate", onPop);

  async function copyLink(query) {
    const text = location.origin + location.pathname + query;
    const isCopied = await navigator.clipboard?.writeText(text).then(() => true, () => false) || copiedByHand(text);
    if (!isCopied) window.prompt("Link to what is shown", text);
    link.title = isCopied ? "Copied" : link.title;
    link.classList.toggle("done", Boolean(isCopied));
    if (isCopied) say("link copied", 2000);
  }

  // In a frame whose page may not use the clipboard.
  function copiedByHand(text) {
    const area = tag("textarea", "");
    area.value = text;
    area.style.cssText = "position: fixed; opacity: 0";
    document.body.append(area);
    area.select();
    const isDone = document.execCommand("copy");
    area.remove();
    link.focus();
    return isDone;
  }

  function say(text, forMs) {
    connection.textContent = text;
    clearTimeout(say.timer);
    say.timer = setTimeout(() => { if (connection.textContent === text) connection.textContent = "connected"; }, forMs);
  }

  function turn() {
    send({ kind: "theme", theme: model.state.theme === "dark" ? "light" : "dark", chosen: true });
  }

  // -- keyboard
  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || shortcuts.open) return;
    const at = event.composedPath()[0];
    if (at.matches?.("input, textarea, select, [contenteditable]")) return;
    const number = Number(event.key);
    if (number >= 1 && number <= tabs.childElementCount) tabs.children[number - 1].click();
    else if (event.key === "/") focusFilter();
    else if (event.key === "r") picker.open();
    else if (event.key === "c") clearFilters();
    else if (event.key === "t") turn();
    else if (event.key === "?") shortcuts.showModal();
    else if (event.key === " " && !at.matches?.("button, [role=row], [role=button], a") && world.isThere()) world.toggle();
    else return;
    event.preventDefault();
  };
  addEventListener("keydown", onKey);

  function focusFilter() {
    const field = deepFind(panel, (each) => each.matches("input[data-filter], input[type=search], input[type=text], input.bk-input"));
    field?.focus();
    field?.select?.();
  }

  // -- files
  model.on("msg:custom", (message) => {
    if (message?.kind === "link") copyLink(message.query);
    else if (message?.kind === "draw") window.dispatchEvent(new CustomEvent("studio-draw", { detail: message }));
    else if (message?.kind === "file") save(message.path, message.file);
    else if (message?.kind === "picture") drawn(message.path).then((url) => save(url, message.file)).catch(onUndrawn);
    if (message?.file) say(message.told ? `${message.file}: ${message.told}` : message.file, 8000);
  });

  function onUndrawn(error) {
    say(`the picture cannot be drawn: ${error.message}; take it as SVG`, 8000);
  }

  // -- a server that is gone: ask for it, and open the same address again when it answers
  const lost = { text: "", asks: 0, timer: 0 };

  function onLost() {
    connection.textContent = "connection lost";
    lost.text = "The connection to the kernel is lost; looking for it. Nothing is lost: runs stay in the log, and the address of this page holds what is shown.";
    drawNotices();
    askAgain();
  }

  function askAgain() {
    clearTimeout(lost.timer);
    lost.timer = setTimeout(ask, ASK_MS[Math.min(lost.asks++, ASK_MS.length - 1)]);
  }

  async function ask() {
    let status = 0;
    try {
      status = (await fetch("static/js/bokeh.min.js", { method: "HEAD", cache: "no-store", redirect: "manual" })).status;
    } catch {
      status = 0;
    }
    if (status === 403) {
      lost.text = "The kernel was started anew, so this link has ended. Run %dashboard in the notebook (or `studio dashboard`) and open its new link.";
      connection.textContent = "ended";
      drawNotices();
      return;
    }
    if (status >= 200 && status < 500 && status !== 404) {
      location.reload();
      return;
    }
    if (lost.asks > 4) {
      lost.text = "The kernel does not answer: it was stopped or started anew. Run %dashboard in the notebook (or `studio dashboard`) and open its new link; this page goes on asking.";
      drawNotices();
    }
    askAgain();
  }

  for (const each of window.Bokeh?.documents ?? []) each.on_event("connection_lost", onLost);

  // -- a page that holds this one in a frame, such as JupyterLab's: it says its colours
  const onMessage = ({ source, data }) => {
    if (!isHeld || source !== parent || data?.source !== "studio-lab") return;
    if (["light", "dark"].includes(data.theme)) send({ kind: "theme", theme: data.theme, chosen: true });
  };
  addEventListener("message", onMessage);

  // -- begin
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = ["light", "dark"].includes(new URLSearchParams(location.search).get("theme"));
  const onScheme = () => {
    if (!new URLSearchParams(location.search).get("theme")) send({ kind: "theme", theme: dark.matches ? "dark" : "light", chosen: false });
  };
  dark.addEventListener("change", onScheme);

  model.on("state", drawState);
  model.on("clock", drawClock);
  model.on("notices", drawNotices);
  model.on("found", () => picker.list());
  model.on("exports", () => exports.draw());
  // What the server told is confirmed when it is on the screen, and it tells no more before: so nothing piles up for a
  // tab that is hidden, sleeps or is slow, and what it gets then is the newest.
  model.on("told", () => requestAnimationFrame(() => send({ kind: "heard", told: model.told })));
  model.on("remove", () => {
    clearTimeout(lost.timer);
    clearTimeout(keepQuery.timer);
    clearTimeout(say.timer);
    dark.removeEventListener("change", onScheme);
    removeEventListener("popstate", onPop);
    removeEventListener("keydown", onKey);
    removeEventListener("message", onMessage);
  });
  drawState();
  drawClock();
  drawNotices();
  exports.draw();
  send({ kind: "hello", theme: document.documentElement.dataset.theme, chosen });
  return document.createElement("span");
}
