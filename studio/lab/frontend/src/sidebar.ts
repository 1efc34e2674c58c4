// The left sidebar: what the current notebook declares, or what to do where there is nothing to show.

import { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { studioIcon } from './icons';
import { Link, LinkState } from './link';
import { Linked, Links } from './links';
import { Act, filtered, healthMark, outlineOf, Row } from './outline';
import { Inventory, VERSION } from './protocol';
import { element, Tree } from './tree';

export interface Advice {
  text: string;
  buttons: { label: string; command: string }[];
}

export interface SidebarActs {
  show: (row: Row) => void;
  act: (row: Row, act: Act) => void;
  execute: (command: string) => void;
}

const NO_NOTEBOOK: Advice = {
  text: 'No notebook is open. Open one, or begin a new one.',
  buttons: [{ label: 'New Studio notebook', command: 'studio:new-notebook' }]
};
const EMPTY: Advice = {
  text: 'Nothing is declared yet. Declare a service: insert a cell, change it, run it.',
  buttons: [
    { label: 'New service cell', command: 'studio:insert-service' },
    { label: 'New contracts cell', command: 'studio:insert-contracts' }
  ]
};
const ADVICE: Record<Exclude<LinkState, 'ready'>, Advice> = {
  none: { text: 'This notebook has no kernel. Start the Studio kernel.', buttons: [{ label: 'Use the Studio kernel', command: 'studio:switch-kernel' }] },
  waiting: { text: 'Asking the kernel …', buttons: [] },
  busy: { text: 'The kernel is busy or starting. What it declares is shown as soon as it answers.', buttons: [] },
  absent: {
    text: 'Studio is not loaded in this kernel. Load it, or use the Studio kernel, which begins anew.',
    buttons: [
      { label: 'Load it: %load_ext studio', command: 'studio:load' },
      { label: 'Use the Studio kernel', command: 'studio:switch-kernel' }
    ]
  },
  foreign: {
    text: 'This kernel does not run Python. Studio needs a Python kernel.',
    buttons: [{ label: 'Use the Studio kernel', command: 'studio:switch-kernel' }]
  },
  dead: { text: 'The kernel has died. Restart it and run the cells again.', buttons: [{ label: 'Restart the kernel', command: 'notebook:restart-kernel' }] }
};

export class StudioSidebar extends Widget {
  constructor(
    private links: Links,
    private acts: SidebarActs
  ) {
    super();
    this.id = 'studio-sidebar';
    this.title.icon = studioIcon;
    this.title.caption = 'Studio';
    this.addClass('studio-Sidebar');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'Studio');
    this._tree = new Tree(acts);
    this.build();
    links.currentChanged.connect(() => this.update());
    links.changed.connect((_, linked) => linked === links.current && this.update());
    this.update();
  }

  protected onActivateRequest(_: Message): void {
    if (this._search.hidden) {
      this.node.focus();
    } else {
      this._search.focus();
    }
  }

  protected onUpdateRequest(_: Message): void {
    const current = this.links.current;
    const inventory = current?.link.inventory ?? null;
    this._title.textContent = current ? current.panel.title.label : '';
    this._title.title = current ? current.panel.context.path : '';
    const advice = this.advice(current?.link ?? null);
    const isShown = inventory !== null && current?.link.state === 'ready' && outlineOf(inventory).length > 0;
    this._search.hidden = this._tree.node.hidden = this._foot.hidden = !isShown;
    this._advice.hidden = advice === null;
    if (isShown) {
      this.showInventory(inventory, current);
    }
    if (advice) {
      this.showAdvice(advice);
    }
  }

  private build(): void {
    this.node.tabIndex = -1;
    const head = element('div', 'studio-Sidebar-head');
    head.append(element('span', 'studio-Sidebar-brand', 'Studio'), this._title);
    this._search.type = 'search';
    this._search.placeholder = 'Filter by name or address';
    this._search.setAttribute('aria-label', 'Filter what is declared');
    this._search.className = 'studio-Sidebar-search';
    this._search.addEventListener('input', () => this.update());
    this._search.addEventListener('keydown', event => {
      if (event.key === 'ArrowDown' || event.key === 'Enter') {
        event.preventDefault();
        this._tree.focus();
      }
    });
    this._advice.setAttribute('role', 'status');
    this._said.setAttribute('role', 'status');
    this._found.type = 'button';
    this._found.className = 'studio-Sidebar-found';
    this._found.title = 'Show all findings in a cell: %lint';
    this._found.addEventListener('click', () => this.acts.execute('studio:lint'));
    this._foot.append(this._said, this._found);
    const scroll = element('div', 'studio-Sidebar-scroll');
    scroll.append(this._advice, this._tree.node);
    this.node.append(head, this._search, scroll, this._foot);
  }

  private advice(link: Link | null): Advice | null {
    if (!link) {
      return NO_NOTEBOOK;
    }
    if (link.problem) {
      return { text: `The kernel could not say what it declares: ${link.problem}`, buttons: [] };
    }
    if (link.state !== 'ready') {
      return ADVICE[link.state];
    }
    if (link.inventory && link.inventory.version !== VERSION) {
      return { text: 'The kernel runs another version of Studio than JupyterLab. Restart the kernel and reload the page.', buttons: [] };
    }
    const sections = link.inventory ? outlineOf(link.inventory) : [];
    return sections.some(section => section.key !== 'counterexamples') ? null : EMPTY; // those are kept beside it
  }

  private showAdvice(advice: Advice): void {
    const buttons = advice.buttons.map(({ label, command }) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'studio-Button';
      button.textContent = label;
      button.addEventListener('click', () => this.acts.execute(command));
      return button;
    });
    this._advice.replaceChildren(element('p', '', advice.text), ...buttons);
  }

  private showInventory(inventory: Inventory, linked: Linked | null): void {
    const text = this._search.value;
    const all = outlineOf(inventory, linked?.runs);
    const sections = filtered(all, text);
    this._tree.render(sections, text.trim() !== '');
    const mark = healthMark(inventory.health);
    this._foot.dataset.tone = mark?.tone ?? 'good';
    this._found.hidden = !mark || !sections.length;
    this._found.textContent = mark?.text ?? '';
    this._said.textContent = !sections.length ? `Nothing is called “${text.trim()}”.` : mark ? '' : 'no findings';
  }

  private _advice = element('div', 'studio-Sidebar-advice');
  private _foot = element('div', 'studio-Sidebar-foot');
  private _found = document.createElement('button');
  private _said = element('span', '');
  private _search = document.createElement('input');
  private _title = element('span', 'studio-Sidebar-title');
  private _tree: Tree;
}
