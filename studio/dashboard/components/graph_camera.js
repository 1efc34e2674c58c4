// Pan and zoom of the graph: only the viewBox changes.
const READABLE = 0.6;  // of the drawn size: what would come out smaller is cut off instead, until all is asked for

class Camera {
  constructor(stage, heightMax) {
    this.stage = stage;
    this.heightMax = heightMax;
  }

  take(svg) {
    this.svg = svg;
    const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    this.whole = { width, height };
    svg.removeAttribute("style");
    svg.setAttribute("width", "100%");
    svg.setAttribute("height", "100%");
    svg.setAttribute("preserveAspectRatio", "xMidYMin meet");
    this.fit(READABLE);
  }

  // The whole picture, not larger than it was drawn; the stage is as high as that needs. Of one that would come out
  // smaller than `least`, only the top.
  fit(least = this.least) {
    this.isFitted = true;
    this.least = least;
    const room = this.stage.clientWidth || this.whole.width;
    const limit = this.heightMax();
    const whole = Math.min(1, room / this.whole.width, limit / this.whole.height);
    const scale = Math.max(whole, least);
    this.stage.toggleAttribute("data-cut", scale > whole);
    const height = Math.min(limit, Math.max(120, this.whole.height * scale));
    this.stage.style.height = `${Math.round(height)}px`;
    const width = room / scale;
    this.show({ x: (this.whole.width - width) / 2, y: 0, width, height: height / scale });
  }

  show(box) {
    this.box = box;
    this.svg.setAttribute("viewBox", [box.x, box.y, box.width, box.height].map((n) => n.toFixed(1)).join(" "));
  }

  zoom(factor, x = 0.5, y = 0.5) {
    const { box, whole } = this;
    const wanted = Math.min(Math.max(box.width / factor, 160), Math.max(whole.width, this.stage.clientWidth) * 2);
    const used = box.width / wanted;
    this.isFitted = false;
    this.show({
      x: box.x + (box.width - wanted) * x, y: box.y + (box.height - box.height / used) * y,
      width: wanted, height: box.height / used,
    });
  }

  pan(dx, dy) {
    const scale = this.box.width / (this.stage.clientWidth || 1);
    this.isFitted = false;
    this.show({ ...this.box, x: this.box.x - dx * scale, y: this.box.y - dy * scale });
  }

  // Bring something into the middle, as large as it was drawn if it is smaller now.
  centre(bounds) {
    const room = this.stage.clientWidth || this.whole.width;
    const used = Math.min(this.box.width, room) / this.box.width;
    const width = this.box.width * used, height = this.box.height * used;
    this.isFitted = false;
    this.show({ x: bounds.x + (bounds.width - width) / 2, y: bounds.y + (bounds.height - height) / 2, width, height });
  }

  // Move so that something is seen which the keyboard has reached.
  reveal(bounds) {
    const { box } = this;
    const margin = 12;
    let { x, y } = box;
    if (bounds.x < x + margin) x = bounds.x - margin;
    if (bounds.x + bounds.width > x + box.width - margin) x = bounds.x + bounds.width + margin - box.width;
    if (bounds.y < y + margin) y = bounds.y - margin;
    if (bounds.y + bounds.height > y + box.height - margin) y = bounds.y + bounds.height + margin - box.height;
    if (x !== box.x || y !== box.y) this.show({ ...box, x, y });
  }
}

function listenToPointer(stage, camera) {
  let last = null;
  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;  // otherwise the page scrolls
    event.preventDefault();
    const area = stage.getBoundingClientRect();
    camera.zoom(Math.exp(-event.deltaY / 300), (event.clientX - area.x) / area.width,
      (event.clientY - area.y) / area.height);
  }, { passive: false });
  stage.addEventListener("pointerdown", (event) => {
    if (event.button === 0) last = { x: event.clientX, y: event.clientY, moved: 0 };
  });
  stage.addEventListener("pointermove", (event) => {
    if (!last || !(event.buttons & 1)) { last = null; return; }
    const dx = event.clientX - last.x, dy = event.clientY - last.y;
    last.moved += Math.abs(dx) + Math.abs(dy);
    if (last.moved > 4) {
      if (!stage.hasPointerCapture(event.pointerId)) stage.setPointerCapture(event.pointerId);
      camera.svg.classList.add("dragged");
      camera.pan(dx, dy);
      stage.dataset.dragged = "yes";
    }
    Object.assign(last, { x: event.clientX, y: event.clientY });
  });
  const end = () => {
    last = null;
    if (camera.svg) camera.svg.classList.remove("dragged");
    setTimeout(() => delete stage.dataset.dragged, 0);  // the click that ends a drag selects nothing
  };
  stage.addEventListener("pointerup", end);
  stage.addEventListener("pointercancel", end);
}
