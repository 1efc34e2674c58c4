// The dashboard of a kernel as a tab: one for each, in Lab's colours, found again after a restart.

import { JupyterFrontEnd } from '@jupyterlab/application';
import { IFrame, IThemeManager, MainAreaWidget, ToolbarButton } from '@jupyterlab/apputils';
import { NotebookPanel } from '@jupyterlab/notebook';
import { launcherIcon, refreshIcon } from '@jupyterlab/ui-components';
import { Widget } from '@lumino/widgets';

import { reveal } from './cells';
import { studioIcon } from './icons';
import { Link } from './link';
import { Linked } from './links';
import { Place } from './protocol';
import { element } from './tree';

const LOCAL = ['localhost', '127.0.0.1', '[::1]'];

export class Dashboards {
  constructor(
    private app: JupyterFrontEnd,
    private themes: IThemeManager | null
  ) {
    themes?.themeChanged.connect(() => this._tabs.forEach(tab => tab.theme(this.theme)));
    window.addEventListener('message', event => {
      this._tabs.forEach(tab => tab.take(event));
    });
  }

  /** Show the dashboard of a notebook's kernel, beside the notebook when it is new. */
  open({ panel, link }: Linked): void {
    let tab = this._tabs.get(link);
    if (!tab) {
      tab = new DashboardTab(this.app, panel, link, () => this.theme);
      this._tabs.set(link, tab);
      tab.disposed.connect(() => this._tabs.delete(link));
      this.app.shell.add(tab, 'main', { mode: 'split-right', ref: panel.id });
    }
    this.app.shell.activateById(tab.id);
  }

  private get theme(): 'light' | 'dark' {
    const name = this.themes?.theme;
    return this.themes && name && !this.themes.isLight(name) ? 'dark' : 'light';
  }

  private _tabs = new Map<Link, DashboardTab>();
}

class DashboardTab extends MainAreaWidget<Widget> {
  constructor(
    private app: JupyterFrontEnd,
    private panel: NotebookPanel,
    private link: Link,
    private wanted: () => string
  ) {
    super({ content: new Widget() });
    this.id = `studio-dashboard-${panel.id}`;
    this.addClass('studio-Dashboard');
    this.title.icon = studioIcon;
    this.title.closable = true;
    this.name();
    panel.title.changed.connect(this.name, this);
    link.connected.connect(this.load, this);
    this.toolbar.addItem('reload', new ToolbarButton({ icon: refreshIcon, tooltip: 'Load the dashboard again', onClick: () => void this.load() }));
    this.toolbar.addItem('open', new ToolbarButton({ icon: launcherIcon, tooltip: 'Open in a browser tab', onClick: () => void this.openOutside() }));
    this.content.addClass('studio-Dashboard-body');
    this.frame.addClass('studio-Dashboard-frame');
    this.content.node.append(this.note);
    void this.load();
  }

  dispose(): void {
    if (!this.isDisposed) {
      this.link.connected.disconnect(this.load, this);
      this.panel.title.changed.disconnect(this.name, this);
      this.frame.dispose();
      super.dispose();
    }
  }

  /** Tell the page the colours; it changes them without a reload. */
  theme(theme: string): void {
    if (this._origin) {
      this.window?.postMessage({ type: 'studio:theme', theme }, this._origin);
    }
  }

  /** Take a message of the page, and of no other: a cell to be shown, or what it shows itself. */
  take(event: MessageEvent): void {
    if (!this._origin || event.origin !== this._origin || event.source !== this.window) {
      return;
    }
    if (event.data?.type === 'studio:reveal') {
      void this.show_(String(event.data.cell ?? ''), Number.isInteger(event.data.line) ? event.data.line : null);
    } else if (event.data?.type === 'studio:state' && typeof event.data.query === 'string') {
      this._query = event.data.query;
    }
  }

  private async show_(cell: string, line: number | null): Promise<void> {
    const place: Place = { cell, magic: `%%${cell}`, file: '', line };
    this.app.shell.activateById(this.panel.id);
    await reveal(this.panel, place);
  }

  private get window(): Window | null {
    return this.frame.node.querySelector('iframe')?.contentWindow ?? null;
  }

  private name(): void {
    this.title.label = `Dashboard: ${this.panel.title.label}`;
    this.title.caption = `Dashboard of ${this.panel.context.path}`;
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
      for (const [name, value] of new URLSearchParams(this._query)) {
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
      if (!this.frame.isAttached) {
        Widget.attach(this.frame, this.content.node);
      }
    } catch (error) {
      this.say((error as Error).message);
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
  private _query = '';
}
