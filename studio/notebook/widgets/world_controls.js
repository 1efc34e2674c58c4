// Controls of a world in a cell: what it does, its pace, its faults, messages. Comes after fault_panel.js and
// message_form.js in one module.
//
// model: status (state, now, speed, pace, failure, told), standing, catalogue, addresses, heard, theme; messages.

const CONTROLS_STYLE = `
.wc { border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px 12px; max-width: 1040px; background: var(--paper);
  margin: 2px 0 6px; }
.wc .strip { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: center; }
.wc .state { display: inline-flex; align-items: center; gap: 6px; font-weight: 600; min-width: 86px; }
.wc .state::before { content: ""; width: 9px; height: 9px; border-radius: 50%; background: var(--muted); }
.wc .state.running::before { background: var(--good); }
.wc .state.paused::before { border-radius: 2px; background: var(--warn); }
.wc .state.died::before, .wc .state.closed::before { border-radius: 0; background: var(--bad); }
.wc .state.closed::before { background: var(--muted); }
.wc { --warn: #8a5c00; } .wc.dark { --warn: #d9a13b; }
.wc .now { font-variant-numeric: tabular-nums; min-width: 100px; }
.wc .soft { color: var(--muted); font-size: 12px; font-variant-numeric: tabular-nums; }
.wc .paces { display: inline-flex; }
.wc .paces button { border-radius: 0; margin-left: -1px; padding: 2px 9px; }
.wc .paces button:first-child { border-radius: 5px 0 0 5px; } .wc .paces button:last-child { border-radius: 0 5px 5px 0; }
.wc .paces button[aria-pressed=true] { background: color-mix(in srgb, var(--focus) 16%, var(--paper)); font-weight: 600; }
.wc .tabs { display: flex; gap: 4px; border-bottom: 1px solid var(--line); margin: 10px 0; }
.wc .tabs button { border: 0; border-bottom: 2px solid transparent; border-radius: 0; background: none; padding: 4px 10px; }
.wc .tabs button[aria-selected=true] { border-bottom-color: var(--focus); font-weight: 600; }
.wc .failure { border-left: 3px solid var(--bad); padding: 4px 10px; margin-top: 8px; white-space: pre-wrap; }
.wc .over { color: var(--muted); margin: 8px 0 0; }
.wc .corner { margin-left: auto; }
`;

const PACES = [[1, "1×"], [10, "10×"], [100, "100×"], [0, "max"]];
const STATES = { running: "running", paused: "paused", "by hand": "by hand", closed: "closed", died: "died" };

class Controls {
  constructor(model, el) {
    this.model = model;
    this.ask = asking(model);
    this.el = h("div", { class: "fp wc", role: "region", "aria-label": "Controls of the world" });
    el.append(this.el, h("style", {}, MESSAGE_STYLE + CONTROLS_STYLE));
    this.handlers = [["status", () => this.stand()], ["theme", () => this.dress()]];
    for (const [name, act] of this.handlers) model.on(`change:${name}`, act);
    this.draw();
    this.undress = onTheme(() => this.dress());
    this.stand();
  }

  end() {
    this.undress();
    this.faults.end();
    for (const [name, act] of this.handlers) this.model.off(`change:${name}`, act);
  }

  dress() {
    const theme = this.model.get("theme") || (dark() ? "dark" : "light");
    for (const name of ["dark", "light"]) this.el.classList.toggle(name, theme === name);
  }

  button(label, title, act) {
    return h("button", { type: "button", title, onclick: () => this.act(act()) }, label);
  }

  async act(what) {
    const reply = await this.ask(what);
    this.told.textContent = reply.error ?? "";
    this.told.hidden = !reply.error;
  }

  draw() {
    this.state = h("span", { class: "state", role: "status" });
    this.now = h("span", { class: "now", "aria-label": "Virtual time" });
    this.soft = h("span", { class: "soft" });
    this.go = h("button", { type: "button", class: "main", onclick: () => this.act(this.next()) });
    this.step = this.button("Step", "Go on to the next instant at which something happens", () => ({ do: "step" }));
    this.stop = this.button("Stop", "End the background; the world can be played by hand from here on", () => ({ do: "stop" }));
    this.paces = PACES.map(([speed, label]) => h("button", { type: "button", "aria-pressed": "false", "data-speed": speed,
      title: speed ? `${speed} virtual seconds per second` : "As fast as it can", onclick: () => this.pace(speed) }, label));
    this.corner = h("span", { class: "soft corner" });
    this.told = h("div", { class: "told bad", role: "alert", hidden: true });
    this.failure = h("div", { class: "failure", role: "alert", hidden: true });
    this.over = h("p", { class: "over", hidden: true });
    const faults = h("div", { role: "tabpanel" }), message = h("div", { role: "tabpanel", hidden: true });
    this.faults = new FaultPanel(this.model, faults);
    message.append(new MessagePanel(this.model, this.ask).el);
    const places = [["Faults", faults], ["Send a message", message]];
    const tabs = this.tabs(places);
    this.rest = h("div", {}, tabs, faults, message);
    this.el.replaceChildren(h("div", { class: "strip" }, this.state, this.now, this.go, this.step, this.stop,
      h("span", { class: "paces", role: "group", "aria-label": "Pace" }, this.paces), this.soft, this.corner),
      this.told, this.failure, this.over, this.rest);
  }

  // One stop of the Tab key; arrows turn from one to the next.
  tabs(places) {
    const turn = (to) => places.forEach(([, place], at) => {
      place.hidden = at !== to;
      tabs[at].setAttribute("aria-selected", String(at === to));
      tabs[at].tabIndex = at === to ? 0 : -1;
    });
    const tabs = places.map(([label, place], at) => {
      place.setAttribute("aria-label", label);
      return h("button", { type: "button", role: "tab", onclick: () => turn(at) }, label);
    });
    const list = h("div", { class: "tabs", role: "tablist", "aria-label": "What to do to the world" }, tabs);
    list.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const to = (tabs.indexOf(event.target) + step + tabs.length) % tabs.length;
      turn(to);
      tabs[to].focus();
      event.preventDefault();
      event.stopPropagation();
    });
    turn(0);
    return list;
  }

  next() {
    const status = this.model.get("status");
    if (status.state === "running") return { do: "pause" };
    if (status.state === "paused") return { do: "resume" };
    return { do: "start", speed: this.wanted ?? 10 };
  }

  pace(speed) {
    this.wanted = speed;
    const { state } = this.model.get("status");
    if (state === "by hand") this.mark(speed);
    else this.act({ do: "pace", speed });
  }

  mark(speed) {
    for (const button of this.paces) button.setAttribute("aria-pressed", String(Number(button.dataset.speed) === speed));
  }

  stand() {
    const status = this.model.get("status") ?? {}, { state } = status;
    const isOver = state === "closed" || state === "died";
    this.state.className = `state ${state === "by hand" ? "hand" : state}`;
    if (this.state.textContent !== STATES[state]) this.state.textContent = STATES[state];
    this.now.textContent = `t = ${status.now}`;
    this.go.textContent = state === "running" ? "Pause" : state === "paused" ? "Resume" : "Start";
    this.step.disabled = isOver;
    this.go.disabled = isOver;
    this.stop.disabled = isOver || state === "by hand";
    for (const button of this.paces) button.disabled = isOver;
    this.mark(state === "by hand" ? this.wanted ?? 10 : status.speed);
    const pace = status.pace >= 100 ? Math.round(status.pace) : status.pace;
    this.soft.textContent = state !== "running" ? "" : status.behind
      ? `${pace}×: this machine cannot keep up` : status.speed ? "" : `${pace}×`;
    this.corner.textContent = `seed ${status.seed} · run ${status.run}`;
    this.failure.textContent = status.failure;
    this.failure.hidden = !status.failure;
    this.over.hidden = !isOver;
    this.over.textContent = state === "closed" ? "The world is closed. Its run is kept: `world.run.explorer()` shows it."
      : "The world died of this error; what was recorded until then is kept: `world.run.explorer()` shows it.";
    this.rest.hidden = isOver;
    if (status.told !== undefined && this.model.get("heard") !== status.told) {
      this.model.set("heard", status.told);
      this.model.save_changes();
    }
  }
}

export default {
  render(given) {
    const controls = new Controls(given.model, given.el);
    return () => controls.end();
  },
};
