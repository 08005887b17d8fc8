import { isObject } from '../../../sys/objects.js'

/** The parts of Babel that are used here. */
interface Babel {
  readonly types: {
    arrayExpression(elements: readonly unknown[]): unknown
    staticBlock(body: readonly unknown[]): unknown
  }
  readonly template: { statement(code: string): (parts: Readonly<Record<string, unknown>>) => unknown }
}

interface Property {
  readonly key: { readonly name?: string; readonly value?: unknown }
  readonly static?: boolean
  readonly computed?: boolean
  decorators?: readonly { readonly expression: unknown }[] | null
}

const CLASSES = 'ClassDeclaration|ClassExpression'

interface Program {
  traverse(visitor: Readonly<Record<typeof CLASSES, (path: { node: { body: { body: unknown[] } } }) => void>>): void
}

/**
 * A Babel plugin for the decorators of properties that TypeScript has under `experimentalDecorators`. They are called,
 * the last one first, when the class is made, with the prototype (for static properties the class) and the property's
 * name. Babel's own plugin needs fields to be compiled too; jiti leaves fields to Node, and no instance could be made.
 */
export function propertyDecorators(babel: Babel): { visitor: { Program(program: Program): void } } {
  return {
    visitor: {
      // At the start: after types have become decorators of their own, and before Babel's plugin sees a class.
      Program: program => program.traverse({ [CLASSES]: ({ node }) => moveDecorators(node.body.body, babel) }),
    },
  }
}

function moveDecorators(body: unknown[], babel: Babel): void {
  const calls: unknown[] = []
  for (const member of body) {
    if (!isProperty(member) || member.computed || !member.decorators?.length) continue
    calls.push(callOf(member, babel))
    member.decorators = null
  }
  if (calls.length > 0) body.push(babel.types.staticBlock(calls))
}

function callOf({ key, static: isStatic, decorators }: Property, { types, template }: Babel): unknown {
  const name = JSON.stringify(key.name ?? key.value)
  // Without reflect-metadata the decorator that stores the type returns the target.
  const call = template.statement(`((target, decorators) => {
    const descriptor = decorators.reduceRight((before, decorate) => {
      const after = decorate(target, ${name}, before)
      return after && after !== target ? after : before
    }, void 0)
    if (descriptor) Object.defineProperty(target, ${name}, descriptor)
  })(${isStatic ? 'this' : 'this.prototype'}, DECORATORS)`)
  return call({ DECORATORS: types.arrayExpression(decorators?.map(({ expression }) => expression) ?? []) })
}

function isProperty(value: unknown): value is Property {
  return isObject(value) && 'type' in value && value.type === 'ClassProperty'
}
