/** A part of an expression, as the parser has read it. */
export type Node =
  | { readonly kind: 'value'; readonly value: null | boolean | bigint | number | string }
  | { readonly kind: 'text'; readonly parts: readonly (string | Node)[] }
  | { readonly kind: 'symbol'; readonly name: string }
  | { readonly kind: 'regexp'; readonly regexp: RegExp }
  | { readonly kind: 'array'; readonly items: readonly Node[] }
  | { readonly kind: 'hash'; readonly pairs: readonly (readonly [Node, Node])[] }
  | { readonly kind: 'name' | 'unknown'; readonly name: string }
  | { readonly kind: 'local'; readonly slot: number }
  | { readonly kind: 'assign'; readonly slot: number; readonly value: Node; readonly keep: boolean }
  | { readonly kind: 'range'; readonly from: Node; readonly to: Node; readonly open: boolean }
  | { readonly kind: 'not'; readonly value: Node }
  | { readonly kind: 'and' | 'or'; readonly left: Node; readonly right: Node }
  | { readonly kind: 'if'; readonly test: Node; readonly then: Node; readonly else: Node }
  | {
      readonly kind: 'case';
      readonly subject: Node;
      readonly whens: readonly (readonly [tests: readonly Node[], body: Node])[];
      readonly else: Node;
    }
  | { readonly kind: 'rescue'; readonly body: Node; readonly instead: Node }
  | { readonly kind: 'list'; readonly items: readonly Node[] }
  | { readonly kind: 'function'; readonly name: string; readonly args: readonly Node[] }
  | {
      readonly kind: 'call';
      readonly receiver: Node;
      readonly name: string;
      readonly args: readonly Node[];
      readonly block: Block | undefined;
      /** `&.`: nil where the receiver is nil. */
      readonly safe: boolean;
    };

/** `{ |a, b| … }` */
export interface Block {
  /** The slots of its parameters. */
  readonly slots: readonly number[];
  readonly body: Node;
}
