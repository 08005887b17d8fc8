/** Of Babel's: what is needed of it here. */
interface Babel {
  readonly types: {
    arrayExpression(elements: readonly unknown[]): unknown
    staticBlock(body: readonly unknown[]): unknown
  }
  readonly template: { statement(code: string): (parts: Readonly<Record<string, unknown>>) => unknown }
}

interface Member {
  readonly type: string
  readonly key?: { readonly name?: string; readonly value?: unknown }
  readonly static?: boolean
  readonly computed?: boolean
  decorators?: readonly { readonly expression: unknown }[] | null
}

interface ClassPath {
  readonly node: { readonly body: { body: unknown[] } }
}

const CLASSES = 'ClassDeclaration|ClassExpression'

interface ProgramPath {
  traverse(visitor: Readonly<Record<typeof CLASSES, (path: ClassPath) => void>>): void
}

/**
 * A plugin for Babel: decorators of properties, as TypeScript has them with `experimentalDecorators`. They are called when the class is made, with
 * the prototype (of static ones the class) and the name, the last one first. Babel's own way wants fields to be compiled, too, and where they
 * are not, no instance can be made.
 */
export function propertyDecorators(babel: Babel): { visitor: { Program(program: ProgramPath): void } } {
  return {
    visitor: {
      // Before Babel comes to any class, and behind what adds the types to the decorators.
      Program: program => program.traverse({ [CLASSES]: ({ node }) => moveDecorators(node.body, babel) }),
    },
  }
}

function moveDecorators(body: { body: unknown[] }, babel: Babel): void {
  const calls: unknown[] = []
  for (const member of body.body) {
    if (!isMember(member) || member.type !== 'ClassProperty' || member.computed || !member.decorators?.length) continue
    calls.push(callOf(member, member.decorators, babel))
    member.decorators = null
  }
  if (calls.length > 0) body.body.push(babel.types.staticBlock(calls))
}

function callOf(
  { key, static: isStatic }: Member,
  decorators: readonly { readonly expression: unknown }[],
  { types, template }: Babel,
): unknown {
  const name = JSON.stringify(key?.name ?? key?.value)
  // Without reflect-metadata, the one that is to keep the type returns the target.
  const call = template.statement(`((target, decorators) => {
    const descriptor = decorators.reduceRight((before, decorate) => {
      const after = decorate(target, ${name}, before)
      return after && after !== target ? after : before
    }, void 0)
    if (descriptor) Object.defineProperty(target, ${name}, descriptor)
  })(${isStatic ? 'this' : 'this.prototype'}, DECORATORS)`)
  return call({ DECORATORS: types.arrayExpression(decorators.map(({ expression }) => expression)) })
}

function isMember(value: unknown): value is Member {
  return typeof value === 'object' && value !== null && 'type' in value
}
