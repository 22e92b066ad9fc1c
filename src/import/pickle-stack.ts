import { isKey, isOf, type Pickled } from './pickled.js';

/** Nominal bytes of memory that values take. */
export const cost = { slot: 16, container: 128, entry: 64, text: 48 } as const;

/** Accounts for memory, and ends the reading, at the opcode that is under way. */
export interface PickleGuard {
  readonly charge: (bytes: number) => void;
  readonly refuse: (what: string, next?: readonly string[]) => never;
}

/** The stack on which a pickle builds its value, with its marks and its memo. */
export function pickleStack({ charge, refuse }: PickleGuard) {
  const stack: Pickled[] = [];
  const marks: number[] = [];
  const memo = new Map<number, Pickled>();

  const push = (value: Pickled): void => {
    charge(cost.slot);
    stack.push(value);
  };
  const pop = (): Pickled => {
    const value = stack.length > (marks.at(-1) ?? 0) ? stack.pop() : undefined;
    return value === undefined ? refuse('takes a value where there is none') : value;
  };
  const top = (): Pickled => {
    const value = pop();
    stack.push(value);
    return value;
  };

  return {
    push,
    pop,
    /** Takes the last `count` values, in the order in which they were pushed. */
    popLast: (count: number): Pickled[] => Array.from({ length: count }, pop).reverse(),
    mark: (): void => {
      charge(cost.slot);
      marks.push(stack.length);
    },
    popToMark: (): Pickled[] => {
      const mark = marks.pop();
      if (mark === undefined) return refuse('takes values back to a mark where there is none');
      charge(cost.slot * (stack.length - mark));
      return stack.splice(mark);
    },
    pushList: (kind: 'list' | 'tuple', items: Pickled[]): void => {
      charge(cost.container + cost.slot * items.length);
      push({ kind, items });
    },
    pushDict: (): void => {
      charge(cost.container);
      push({ kind: 'dict', entries: new Map() });
    },
    append: (items: readonly Pickled[]) => {
      const list = top();
      if (!isOf(list, 'list')) return refuse('appends to what is no list');
      charge(cost.slot * items.length);
      for (const item of items) list.items.push(item);
    },
    setItems: (items: readonly Pickled[]) => {
      const dict = top();
      if (!isOf(dict, 'dict')) return refuse('sets items of what is no dict');
      if (items.length % 2 !== 0) return refuse('sets a key without a value');
      charge(cost.entry * (items.length / 2));
      for (let i = 0; i < items.length; i += 2) {
        const key = items[i];
        if (!isKey(key)) return refuse('has a key that is neither text nor number');
        dict.entries.set(key, items[i + 1]);
      }
    },
    /** Leaves out what a dict carries beside its items (PyTorch: `_metadata`). */
    setState: (): void => {
      pop();
      if (!isOf(top(), 'dict')) refuse('sets the state of what is no dict');
    },
    remember: (index: number): void => {
      charge(cost.entry);
      memo.set(index, top());
    },
    recall: (index: number): void => {
      const value = memo.get(index);
      push(value === undefined ? refuse(`recalls value ${index}, which it never kept`) : value);
    },
    /** The value that is built. */
    result: (): Pickled => {
      const value = pop();
      return stack.length + marks.length > 0 ? refuse('stops with values left over') : value;
    },
  };
}
