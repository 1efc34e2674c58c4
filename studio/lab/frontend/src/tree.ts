// A tree of sections and rows, by keyboard and for screen readers as the ARIA practices have it.

import { Act, Mark, Row, Section } from './outline';

export interface TreeActs {
  show: (row: Row) => void;
  act: (row: Row, act: Act) => void;
}

const FOLDED_AT_FIRST = /^(section\/contracts|contracts\/)/;

export class Tree {
  constructor(private acts: TreeActs) {
    this.node.className = 'studio-Tree';
    this.node.setAttribute('role', 'tree');
    this.node.setAttribute('aria-label', 'What the notebook declares');
    this.node.addEventListener('keydown', event => this.onKey(event));
    this.node.addEventListener('focusin', event => this.onFocus(event));
  }

  readonly node = document.createElement('div');

  /** Show sections; what was folded, focused and scrolled to stays so. */
  render(sections: Section[], isFiltered: boolean): void {
    const hadFocus = this.node.contains(document.activeElement);
    this._isFiltered = isFiltered;
    this._rows.clear();
    this.node.replaceChildren(...sections.map(section => this.section(section)));
    const items = this.items();
    const current = items.find(item => item.dataset.key === this._focused) ?? items[0];
    this.makeCurrent(current, hadFocus);
  }

  focus(): void {
    this.items()
      .find(item => item.tabIndex === 0)
      ?.focus();
  }

  private section(section: Section): HTMLElement {
    const key = `section/${section.key}`;
    const group = section.rows.map(row => this.row(row, 2));
    const line = element('div', 'studio-Tree-line studio-Tree-sectionLine');
    line.append(element('span', 'studio-Tree-name', section.title), element('span', 'studio-Tree-count', `${section.rows.length}`));
    line.addEventListener('click', () => this.fold(key));
    const item = this.item(key, 1, line, group);
    item.classList.add('studio-Tree-section');
    item.setAttribute('aria-label', `${section.title}, ${section.rows.length}`);
    return item;
  }

  private row(row: Row, level: number): HTMLElement {
    this._rows.set(row.key, row);
    const line = element('div', 'studio-Tree-line');
    line.title = row.title;
    line.append(element('span', 'studio-Tree-name', row.name), element('span', 'studio-Tree-detail', row.detail));
    if (row.health) {
      line.append(marked(row.health, 'studio-Tree-health'));
    }
    line.append(...row.acts.map(act => this.button(row, act)));
    line.addEventListener('click', () => this.acts.show(row));
    const children = row.children.map(child => this.row(child, level + 1));
    const item = this.item(row.key, level, line, children);
    item.dataset.kind = row.kind;
    const told = [row.kind, row.name, row.detail, row.health?.text, row.outcome?.text];
    item.setAttribute('aria-label', told.filter(Boolean).join(', '));
    if (row.outcome) {
      const outcome = element('div', 'studio-Tree-outcome', `${row.outcome.sign} ${row.outcome.text}`);
      outcome.dataset.tone = row.outcome.tone;
      line.after(outcome);
    }
    return item;
  }

  private button(row: Row, act: Act): HTMLElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'studio-Button studio-mod-small';
    button.textContent = act.label;
    button.title = act.title;
    button.setAttribute('aria-label', `${act.label} ${row.name}`);
    button.addEventListener('click', event => {
      event.stopPropagation();
      this.acts.act(row, act);
    });
    return button;
  }

  private item(key: string, level: number, line: HTMLElement, children: HTMLElement[]): HTMLElement {
    const item = element('div', 'studio-Tree-item');
    item.setAttribute('role', 'treeitem');
    item.setAttribute('aria-level', `${level}`);
    item.dataset.key = key;
    item.tabIndex = -1;
    const twist = element('span', 'studio-Tree-twist');
    twist.setAttribute('aria-hidden', 'true');
    line.prepend(twist);
    item.append(line);
    if (children.length) {
      const group = element('div', 'studio-Tree-group');
      group.setAttribute('role', 'group');
      group.append(...children);
      item.append(group);
      item.setAttribute('aria-expanded', `${this.isOpen(key)}`);
      twist.addEventListener('click', event => {
        event.stopPropagation();
        this.fold(key);
      });
    }
    return item;
  }

  private isOpen(key: string): boolean {
    return this._isFiltered || (this._open.get(key) ?? !FOLDED_AT_FIRST.test(key));
  }

  private fold(key: string, isOpen?: boolean): void {
    const item = this.node.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
    if (!item?.hasAttribute('aria-expanded')) {
      return;
    }
    const next = isOpen ?? item.getAttribute('aria-expanded') !== 'true';
    this._open.set(key, next);
    item.setAttribute('aria-expanded', `${next}`);
    this.makeCurrent(item, this.node.contains(document.activeElement));
  }

  /** Every item that can be seen, from top to bottom. */
  private items(): HTMLElement[] {
    const all = [...this.node.querySelectorAll<HTMLElement>('[role=treeitem]')];
    return all.filter(item => !item.parentElement?.closest('[role=treeitem][aria-expanded=false]'));
  }

  private makeCurrent(item: HTMLElement | undefined, isFocused: boolean): void {
    for (const each of this.node.querySelectorAll<HTMLElement>('[role=treeitem], button')) {
      each.tabIndex = -1;
    }
    if (item) {
      item.tabIndex = 0;
      item.querySelectorAll<HTMLElement>(':scope > .studio-Tree-line > button').forEach(each => (each.tabIndex = 0));
      this._focused = item.dataset.key ?? '';
      if (isFocused) {
        item.focus();
      }
    }
  }

  private onFocus(event: FocusEvent): void {
    const target = event.target as HTMLElement;
    if (target.getAttribute('role') === 'treeitem' && target.tabIndex !== 0) {
      this.makeCurrent(target, false);
    }
  }

  private onKey(event: KeyboardEvent): void {
    const item = event.target as HTMLElement;
    if (item.getAttribute('role') !== 'treeitem' || event.altKey || event.ctrlKey || event.metaKey) {
      return; // a button has its own keys
    }
    const items = this.items();
    const index = items.indexOf(item);
    const isOpen = item.getAttribute('aria-expanded');
    const go = (to: HTMLElement | null | undefined) => to && this.makeCurrent(to, true);
    const keys: Record<string, () => void> = {
      ArrowDown: () => go(items[index + 1]),
      ArrowUp: () => go(items[index - 1]),
      Home: () => go(items[0]),
      End: () => go(items[items.length - 1]),
      ArrowRight: () => (isOpen === 'false' ? this.fold(item.dataset.key ?? '', true) : isOpen && go(items[index + 1])),
      ArrowLeft: () =>
        isOpen === 'true'
          ? this.fold(item.dataset.key ?? '', false)
          : go(item.parentElement?.closest<HTMLElement>('[role=treeitem]')),
      Enter: () => this.choose(item),
      ' ': () => this.fold(item.dataset.key ?? '')
    };
    if (keys[event.key]) {
      event.preventDefault();
      event.stopPropagation();
      keys[event.key]();
    }
  }

  private choose(item: HTMLElement): void {
    const row = this._rows.get(item.dataset.key ?? '');
    if (row) {
      this.acts.show(row);
    } else {
      this.fold(item.dataset.key ?? '');
    }
  }

  private _focused = '';
  private _isFiltered = false;
  private _open = new Map<string, boolean>();
  private _rows = new Map<string, Row>();
}

export function element(tag: string, className: string, text = ''): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function marked(mark: Mark, className: string): HTMLElement {
  const made = element('span', className, mark.sign);
  made.dataset.tone = mark.tone; // what it means is in its line's title
  return made;
}
