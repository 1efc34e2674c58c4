// The dashboard of a kernel as a tab: one for each notebook, in Lab's colours, found again after a restart or a reload.

import { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { IFrame, IThemeManager, MainAreaWidget, ToolbarButton, WidgetTracker } from '@jupyterlab/apputils';
import { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';
import { ServerConnection } from '@jupyterlab/services';
import { launcherIcon, refreshIcon } from '@jupyterlab/ui-components';
import { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Panel, Widget } from '@lumino/widgets';

import { reveal } from './cells';
import { studioIcon } from './icons';
import { Link } from './link';
import { Linked, Links } from './links';
import { element } from './tree';

const BESIDE_PX = 1700; // from this width on both have room side by side
const LOCAL = ['localhost', '127.0.0.1', '[::1]'];
const OPEN = 'studio:open-dashboard';

/** What a dashboard's page tells the page around it; a waterfall in a cell tells it as an event. */
interface PageMessage {
  source: string;
  kind: 'cell' | 'state';
  cell: string;
  line: number;
  query: string;
}

export class Dashboards {
  constructor(
    private app: JupyterFrontEnd,
    private links: Links,
    private themes: IThemeManager | null
  ) {
    themes?.themeChanged.connect(() => this._tabs.forEach(tab => tab.theme(this.theme)));
    links.added.connect((_, linked) => this.tabOf(linked.panel.context.path)?.attach(linked));
    app.serviceManager.kernels.runningChanged.connect((_, kernels) => {
      this._tabs.forEach(tab => tab.check(kernels.map(kernel => kernel.id)));
    });
    window.addEventListener('message', event => {
      this.take(event);
    });
    document.addEventListener('studio-cell', event => {
      const panel = event.target instanceof Element ? this.links.holding(event.target) : null;
      this.show(panel, (event as CustomEvent<PageMessage>).detail);
    });
  }

  /** Bring the tabs back that were open when the page was left, once their notebooks are. */
  restore(restorer: ILayoutRestorer, notebooks: INotebookTracker): void {
    void restorer.restore(this._tracker, {
      command: OPEN,
      args: tab => ({ path: tab.path, query: tab.query, isRestored: true }),
      name: tab => tab.path,
      when: notebooks.restored
    });
  }

  /** Show the dashboard of a notebook's kernel, beside the notebook where there is room. */
  open(linked: Linked | null, args: ReadonlyPartialJSONObject): void {
    if (!linked) {
      return; // its notebook is not open any more
    }
    const { panel } = linked;
    let tab = this.tabOf(panel.context.path);
    if (!tab) {
      tab = new DashboardTab(linked, this.app.serviceManager.serverSettings, () => this.theme);
      tab.query = typeof args['query'] === 'string' ? args['query'] : '';
      const made = tab;
      this._tabs.add(made);
      made.disposed.connect(() => this._tabs.delete(made));
      made.moved = () => void this._tracker.save(made);
      const mode = panel.node.offsetWidth >= BESIDE_PX ? 'split-right' : 'tab-after';
      this.app.shell.add(made, 'main', args['isRestored'] ? {} : { mode, ref: panel.id });
      void this._tracker.add(made);
    }
    if (!args['isRestored']) {
      this.app.shell.activateById(tab.id);
    }
  }

  /** Take what a dashboard's page tells: a cell to be shown, or what it shows itself. Other pages are not heard. */
  private take(event: MessageEvent): void {
    const told = event.data as Partial<PageMessage> | null;
    if (told?.source !== 'studio-dashboard') {
      return;
    }
    const frame = [...document.querySelectorAll('iframe')].find(each => each.contentWindow === event.source);
    if (!frame || new URL(frame.src, window.location.href).origin !== event.origin) {
      return;
    }
    const tab = [...this._tabs].find(each => each.node.contains(frame));
    if (told.kind === 'state' && tab && told.query) {
      tab.query = told.query;
      tab.moved();
    } else if (told.kind === 'cell') {
      this.show(tab?.notebook ?? this.links.holding(frame), told);
    }
  }

  private show(panel: NotebookPanel | null, { cell, line }: Partial<PageMessage>): void {
    if (panel && cell) {
      this.app.shell.activateById(panel.id);
      void reveal(panel, { cell, magic: `%%${cell}`, file: '', line: line || null });
    }
  }

  private tabOf(path: string): DashboardTab | undefined {
    return [...this._tabs].find(tab => tab.path === path);
  }

  private get theme(): 'light' | 'dark' {
    const name = this.themes?.theme;
    return this.themes && name && !this.themes.isLight(name) ? 'dark' : 'light';
  }

  private _tabs = new Set<DashboardTab>();
  private _tracker = new WidgetTracker<DashboardTab>({ namespace: 'studio-dashboard' });
}

class DashboardTab extends MainAreaWidget<Panel> {
  /** What the page shows; a page that is loaded again begins there. */
  query = '';
  /** Is called when that, or the notebook's path, has changed. */
  moved: () => void = () => undefined;

  constructor(
    linked: Linked,
    private server: ServerConnection.ISettings,
    private wanted: () => string
  ) {
    super({ content: new Panel() });
    this.id = `studio-dashboard-${linked.panel.id}`;
    this.addClass('studio-Dashboard');
    this.title.icon = studioIcon;
    this.title.closable = true;
    this.toolbar.addItem('reload', new ToolbarButton({ icon: refreshIcon, tooltip: 'Load the dashboard again', onClick: () => void this.load() }));
    this.toolbar.addItem('open', new ToolbarButton({ icon: launcherIcon, tooltip: 'Open in a browser tab', onClick: () => void this.openOutside() }));
    this.content.addClass('studio-Dashboard-body');
    this.frame.addClass('studio-Dashboard-frame');
    this.content.addWidget(new Widget({ node: this.note }));
    this.content.addWidget(this.frame);
    this.attach(linked);
  }

  /** The notebook, while it is open. */
  get notebook(): NotebookPanel | null {
    return this._linked?.panel ?? null;
  }

  get path(): string {
    return this._path;
  }

  /** Belong to a notebook that has been opened; the kernel may be the one whose dashboard is shown already. */
  attach(linked: Linked): void {
    this.detach();
    this._linked = linked;
    const { panel, link } = linked;
    this.name();
    panel.context.pathChanged.connect(this.name, this);
    panel.disposed.connect(this.detach, this);
    link.connected.connect(this.onConnected, this);
    link.changed.connect(this.rest, this);
    this._isHeard = link.state === 'ready';
    if (!this._url || this._isHeard) {
      this.onConnected();
    }
  }

  /** Say that the kernel has ended, where nobody else does: its notebook is closed, and it runs no more. */
  check(kernels: string[]): void {
    if (!this._isHeard && this._url && !kernels.includes(this._kernel)) {
      this.leave(`The kernel has ended. Open ${this._path} and run its cells, and the dashboard comes back.`);
    }
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.detach();
      super.dispose();
    }
  }

  /** Tell the page the colours; it changes them without a reload. */
  theme(theme: string): void {
    if (this._url) {
      this.window?.postMessage({ source: 'studio-lab', theme }, this._url.origin);
    }
  }

  /** A notebook that is closed leaves its kernel running, and with it the page. */
  private detach(): void {
    if (this._linked) {
      const { panel, link } = this._linked;
      link.connected.disconnect(this.onConnected, this);
      link.changed.disconnect(this.rest, this);
      panel.context.pathChanged.disconnect(this.name, this);
      panel.disposed.disconnect(this.detach, this);
      this._linked = null;
      this._isHeard = false;
    }
  }

  private get window(): Window | null {
    return this.frame.node.querySelector('iframe')?.contentWindow ?? null;
  }

  private name(): void {
    if (this._linked) {
      this._path = this._linked.panel.context.path;
      this.title.label = `Dashboard: ${this._path.split('/').pop() ?? ''}`;
      this.title.caption = `Dashboard of ${this._path}`;
      this.moved();
    }
  }

  private async ask(): Promise<URL> {
    if (!this._linked) {
      if (this._url) {
        return this._url;
      }
      throw new Error(`Open ${this._path}, and its dashboard comes back.`);
    }
    const told = await this._linked.link.ask('dashboard', {
      theme: this.wanted(),
      host: window.location.hostname,
      origin: window.location.origin
    });
    return new URL(told.kind === 'dashboard' ? told.url : '', this.server.baseUrl); // a path is the Jupyter server's
  }

  /** Load the page, unless it stands already: a notebook that is opened again finds its kernel and page as they were. */
  private onConnected(): void {
    this._isHeard = this._linked?.link.state === 'ready';
    if (!this._url || this._kernel !== this.kernel) {
      void this.load();
    }
  }

  private get kernel(): string {
    return this._linked?.panel.sessionContext.session?.kernel?.id ?? '';
  }

  private async load(): Promise<void> {
    const isReady = !this._linked || this._linked.link.state === 'ready';
    this.say(isReady ? 'Opening the dashboard …' : 'Waiting for the kernel …');
    if (!isReady) {
      return; // it is loaded when the kernel has answered
    }
    try {
      const url = await this.ask();
      if (this.isDisposed) {
        return;
      }
      for (const [name, value] of new URLSearchParams(this.query)) {
        if (name !== 'theme' && name !== 'token' && name !== 'feed') {
          url.searchParams.set(name, value);
        }
      }
      if (url.origin !== window.location.origin && !LOCAL.includes(window.location.hostname)) {
        this.say(
          `The dashboard listens on the kernel's machine, port ${url.port}. Install jupyter-server-proxy there, which lets Lab show it here; ` +
            `or forward that port to this machine (ssh -L ${url.port}:127.0.0.1:${url.port}), then open ${url.href}`
        );
        return;
      }
      this.say('');
      this._url = url;
      this._kernel = this.kernel || this._kernel;
      this.frame.url = url.href;
    } catch (error) {
      this.say((error as Error).message);
    }
  }

  /** Take the page away while its server is gone, so that it does not go on asking for it. */
  private rest(link: Link): void {
    if (this._url && this._isHeard && link.state !== 'ready' && !link.session.isDisposed) {
      const isBack = link.state === 'waiting' || link.state === 'busy';
      this.leave(isBack ? 'The kernel restarts; the dashboard comes back with it.' : 'The kernel has ended. Start it again, and the dashboard comes back.');
    }
  }

  private leave(text: string): void {
    this._url = null;
    this.frame.url = 'about:blank';
    this.say(text);
  }

  private async openOutside(): Promise<void> {
    try {
      window.open((await this.ask()).href, '_blank', 'noopener');
    } catch (error) {
      this.say((error as Error).message);
    }
  }

  private say(text: string): void {
    this.note.textContent = text;
    this.note.hidden = text === '';
  }

  private frame = new IFrame({
    sandbox: ['allow-scripts', 'allow-same-origin', 'allow-forms', 'allow-downloads', 'allow-popups', 'allow-modals']
  });
  private note = element('p', 'studio-Dashboard-note');
  private _isHeard = false; // the notebook's link has answered: it tells what becomes of the kernel
  private _kernel = '';
  private _linked: Linked | null = null;
  private _path = '';
  private _url: URL | null = null;
}
