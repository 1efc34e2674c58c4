// The dashboard of a kernel as a tab: one for each, in Lab's colours, found again after a restart.

import { JupyterFrontEnd } from '@jupyterlab/application';
import { IFrame, IThemeManager, MainAreaWidget, ToolbarButton } from '@jupyterlab/apputils';
import { NotebookPanel } from '@jupyterlab/notebook';
import { launcherIcon, refreshIcon } from '@jupyterlab/ui-components';
import { Panel, Widget } from '@lumino/widgets';

import { reveal } from './cells';
import { studioIcon } from './icons';
import { Link } from './link';
import { Linked, Links } from './links';
import { element } from './tree';

const BESIDE_PX = 1700; // from this width on both have room side by side
const LOCAL = ['localhost', '127.0.0.1', '[::1]'];

/** What a dashboard's page tells the page around it. */
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
    window.addEventListener('message', event => {
      this.take(event);
    });
  }

  /** Show the dashboard of a notebook's kernel, beside the notebook where there is room. */
  open({ panel, link }: Linked): void {
    let tab = this._tabs.get(link);
    if (!tab) {
      tab = new DashboardTab(panel, link, () => this.theme);
      this._tabs.set(link, tab);
      tab.disposed.connect(() => this._tabs.delete(link));
      const mode = panel.node.offsetWidth >= BESIDE_PX ? 'split-right' : 'tab-after';
      this.app.shell.add(tab, 'main', { mode, ref: panel.id });
    }
    this.app.shell.activateById(tab.id);
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
    const tab = [...this._tabs.values()].find(each => each.node.contains(frame));
    const panel = tab?.notebook ?? this.links.holding(frame);
    if (told.kind === 'state' && tab && told.query) {
      tab.query = told.query;
    } else if (told.kind === 'cell' && panel && told.cell) {
      const place = { cell: told.cell, magic: `%%${told.cell}`, file: '', line: told.line || null };
      this.app.shell.activateById(panel.id);
      void reveal(panel, place);
    }
  }

  private get theme(): 'light' | 'dark' {
    const name = this.themes?.theme;
    return this.themes && name && !this.themes.isLight(name) ? 'dark' : 'light';
  }

  private _tabs = new Map<Link, DashboardTab>();
}

class DashboardTab extends MainAreaWidget<Panel> {
  /** What the page shows; a page that is loaded again begins there. */
  query = '';

  constructor(
    readonly notebook: NotebookPanel,
    private link: Link,
    private wanted: () => string
  ) {
    super({ content: new Panel() });
    this.id = `studio-dashboard-${notebook.id}`;
    this.addClass('studio-Dashboard');
    this.title.icon = studioIcon;
    this.title.closable = true;
    this.name();
    notebook.title.changed.connect(this.name, this);
    link.connected.connect(this.load, this);
    link.changed.connect(this.rest, this);
    this.toolbar.addItem('reload', new ToolbarButton({ icon: refreshIcon, tooltip: 'Load the dashboard again', onClick: () => void this.load() }));
    this.toolbar.addItem('open', new ToolbarButton({ icon: launcherIcon, tooltip: 'Open in a browser tab', onClick: () => void this.openOutside() }));
    this.content.addClass('studio-Dashboard-body');
    this.frame.addClass('studio-Dashboard-frame');
    this.content.addWidget(new Widget({ node: this.note }));
    this.content.addWidget(this.frame);
    void this.load();
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.link.connected.disconnect(this.load, this);
      this.link.changed.disconnect(this.rest, this);
      this.notebook.title.changed.disconnect(this.name, this);
      super.dispose();
    }
  }

  /** Tell the page the colours; it changes them without a reload. */
  theme(theme: string): void {
    if (this._origin) {
      this.window?.postMessage({ source: 'studio-lab', theme }, this._origin);
    }
  }

  private get window(): Window | null {
    return this.frame.node.querySelector('iframe')?.contentWindow ?? null;
  }

  private name(): void {
    this.title.label = `Dashboard: ${this.notebook.title.label}`;
    this.title.caption = `Dashboard of ${this.notebook.context.path}`;
  }

  private async ask(): Promise<URL> {
    const told = await this.link.ask('dashboard', {
      theme: this.wanted(),
      host: window.location.hostname,
      origin: window.location.origin
    });
    return new URL(told.kind === 'dashboard' ? told.url : '');
  }

  private async load(): Promise<void> {
    this.say('Opening the dashboard …');
    try {
      const url = await this.ask();
      if (this.isDisposed) {
        return;
      }
      this._origin = url.origin;
      for (const [name, value] of new URLSearchParams(this.query)) {
        if (name !== 'theme' && name !== 'token' && name !== 'feed') {
          url.searchParams.set(name, value);
        }
      }
      if (!LOCAL.includes(window.location.hostname)) {
        this.say(`The dashboard listens on the kernel's machine, port ${url.port}. Forward that port to this one (ssh -L ${url.port}:127.0.0.1:${url.port}), then open ${url.href}`);
        return;
      }
      this.say('');
      this.frame.url = url.href;
    } catch (error) {
      this.say((error as Error).message);
    }
  }

  /** Take the page away while its server is gone, so that it does not go on asking for it. */
  private rest(): void {
    if (this._origin && this.link.state !== 'ready') {
      this._origin = '';
      this.frame.url = 'about:blank';
      const isBack = this.link.state === 'waiting' || this.link.state === 'busy';
      this.say(isBack ? 'The kernel restarts; the dashboard comes back with it.' : 'The kernel has ended. Start it again, and the dashboard comes back.');
    }
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
  private _origin = '';
}
