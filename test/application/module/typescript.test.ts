import t from 'tap'
import { type Files, files, load, loadEach, nodeKnowsTypeScript } from './load.js'

const MODULE = { 'package.json': '{ "type": "module", "imports": { "#part": "./part.ts" } }' }

/** Applications by their subject, with what `application` returns. */
const CASES: readonly { name: string; files: Files; value: unknown; entry?: string }[] = [
  {
    name: 'types alone',
    files: { ...MODULE, 'app.ts': 'import type { A } from "./types.ts"\nexport const application = (): A => "a"' },
    value: 'a',
  },
  {
    name: 'enums, namespaces, parameter properties',
    files: {
      ...MODULE,
      'app.ts': `enum Level { low = 1, high }
        namespace Space { export const inner = 5 }
        class Point { constructor(private readonly x: number, protected y = 2) {} sum() { return this.x + this.y } }
        export const application = () => [Level.high, Level[1], Space.inner, new Point(1).sum()]`,
    },
    value: [2, 'low', 5, 3],
  },
  {
    name: 'a file of another name than its import',
    files: {
      ...MODULE,
      'app.ts': `import { a } from './a.js'
        import { b } from './lib/b'
        import { c } from './lib'
        import { part } from '#part'
        export const application = () => [a, b, c, part]`,
      'a.ts': 'export const a: string = "a"',
      'lib/b.ts': 'export const b: string = "b"',
      'lib/index.ts': 'export const c: string = "c"',
      'part.ts': 'export const part: string = "part"',
    },
    value: ['a', 'b', 'c', 'part'],
  },
  {
    name: 'the paths of tsconfig.json, with comments in it',
    files: {
      ...MODULE,
      'tsconfig.json': '{ // paths\n "compilerOptions": { "paths": { "@/*": ["./src/*"] }, } }',
      'src/app.ts': 'import { a } from "@/lib/a"\nexport const application = () => a',
      'src/lib/a.ts': 'export const a: string = "a"',
    },
    entry: 'src/app.ts',
    value: 'a',
  },
  {
    name: 'a tsconfig.json that extends what is not there',
    files: {
      ...MODULE,
      'tsconfig.json': '{ "extends": "@tsconfig/not-installed/tsconfig.json" }',
      'app.ts': 'enum A { a = "a" }\nexport const application = () => A.a',
    },
    value: 'a',
  },
  {
    name: 'a tsconfig.json that extends itself',
    files: {
      ...MODULE,
      'tsconfig.json': '{ "extends": "./tsconfig.json" }',
      'app.ts': 'enum A { a = "a" }\nexport const application = () => A.a',
    },
    value: 'a',
  },
  {
    name: 'types imported as if they were values',
    files: {
      ...MODULE,
      'app.ts': 'import { A, a } from "./a.ts"\nexport const application = (): A => a',
      'a.ts': 'export interface A { a: number }\nexport const a: A = { a: 1 }',
    },
    value: { a: 1 },
  },
  {
    name: 'JSON, with and without attributes',
    files: {
      ...MODULE,
      'app.ts': `import a from './a.json' with { type: 'json' }
        import b from './b.json'
        export const application = () => [a, b]`,
      'a.json': '{ "a": 1 }',
      'b.json': '{ "b": 2 }',
    },
    value: [{ a: 1 }, { b: 2 }],
  },
  {
    name: 'await at the top level, import() and import.meta',
    files: {
      ...MODULE,
      'app.ts': `enum A { a }
        const { late } = await import('./late.js')
        export const application = () => [late, A.a, import.meta.url === \`file://\${import.meta.filename}\`,
          import.meta.filename === \`\${import.meta.dirname}/app.ts\`]`,
      'late.ts': 'export const late: string = "late"',
    },
    value: ['late', 0, true, true],
  },
  {
    name: 'import and require side by side',
    files: {
      'app.ts': `import { sep } from 'node:path'
        import type { Part } from './part'
        const part: Part = require('./part')
        export const application = () => [sep, part.part, __filename === \`\${__dirname}/app.ts\`, typeof exports]`,
      'part.ts': 'export interface Part { part: string }\nexport const part: string = "part"',
    },
    value: ['/', 'part', true, 'object'],
  },
  {
    name: 'import = and export =',
    files: {
      'app.ts': `import path = require('node:path')
        import twice from './twice'
        export = { application: () => [path.sep, twice(2)] }`,
      'twice.ts': 'function twice(n: number): number { return 2 * n }\nexport = twice',
    },
    value: ['/', 4],
  },
  {
    name: 'CommonJS that exports a function, and a primitive',
    files: {
      'app.cts':
        'const part: string = require("./part.cts")\nmodule.exports = () => part\nmodule.exports.application = module.exports',
      'part.cts': 'module.exports = "part" as string',
    },
    entry: 'app.cts',
    value: 'part',
  },
  {
    name: 'a primitive',
    files: { 'app.cts': 'enum A { a }\nmodule.exports = "primitive" as string' },
    entry: 'app.cts',
    value: 'primitive',
  },
  {
    name: 'JavaScript of both kinds in between',
    files: {
      ...MODULE,
      'app.ts': `import { part } from './between.js'
        import legacy, { named } from './legacy.cjs'
        enum A { a }
        export const application = () => [part, legacy.named, named, A.a]`,
      'between.js': 'import { part } from "./part.js"\nexport { part }',
      'part.ts': 'export const part: string = "part"',
      'legacy.cjs': 'exports.named = "named"',
    },
    value: ['part', 'named', 'named', 0],
  },
  {
    name: 'modules that import each other',
    files: {
      ...MODULE,
      'app.ts': 'import { b } from "./b.js"\nexport enum A { a = "a" }\nexport const application = () => b()',
      'b.ts': 'import { A } from "./app.js"\nexport const b = (): string => A.a',
    },
    value: 'a',
  },
  {
    name: 'legacy decorators with metadata',
    files: {
      ...MODULE,
      'app.ts': `const seen: unknown[] = []
        Object.assign(Reflect, { metadata: (key: string, value: unknown) => () => void seen.push(key, value) })
        const noted = (_: unknown): void => {}
        class Service {}
        @noted class Controller { constructor(readonly service: Service) {} }
        export const application = () => [seen.includes('design:paramtypes'), seen.flat().includes(Service), Controller.name]`,
    },
    value: [true, true, 'Controller'],
  },
  {
    name: 'decorators of properties, with and without metadata',
    files: {
      ...MODULE,
      'app.ts': `const seen: string[] = []
        const noted = (by: string) => (target: object, key: string): void => void seen.push([by, typeof target, key].join())
        const got = (_: object, key: string): any => ({ get: () => key })
        class Model {
          @noted('last') @noted('first') name!: string
          @noted('value') size?: number = 5
          @noted('static') static all: string[] = []
          @noted('quoted') 'content-type': string
          @got declare computed: string
          plain!: string
        }
        const model = Object.assign(new Model(), { name: 'x' })
        export const application = () => [seen, model, model.computed]`,
    },
    value: [
      [
        'first,object,name',
        'last,object,name',
        'value,object,size',
        'static,function,all',
        'quoted,object,content-type',
      ],
      { name: 'x', size: 5 },
      'computed',
    ],
  },
  {
    name: 'JSX',
    files: {
      ...MODULE,
      'app.tsx': `/** @jsxImportSource #jsx */
        import { Page } from './page'
        export const application = () => <Page title="x" />`,
      'page.tsx': '/** @jsxImportSource #jsx */\nexport const Page = (p: { title: string }) => <p>{p.title}</p>',
      'package.json': '{ "type": "module", "imports": { "#jsx/jsx-runtime": "./jsx.js" } }',
      'jsx.js': 'export const jsx = (tag, props) => typeof tag === "function" ? tag(props) : [tag, props.children]',
    },
    entry: 'app.tsx',
    value: ['p', 'x'],
  },
  {
    name: 'JSX as tsconfig.json says, in a directory above',
    files: {
      ...MODULE,
      'tsconfig.json': `{ "extends": "./none.json", "compilerOptions": {
        // "jsxImportSource": "preact",
        "jsx": "react-jsx", "jsxImportSource": "#jsx",
      } }`,
      'src/app.tsx': "import { Page } from './page'\nexport const application = () => <Page title='x' />",
      'src/page.tsx': 'export const Page = (p: { title: string }) => <p>{p.title}</p>',
      'package.json': '{ "type": "module", "imports": { "#jsx/jsx-runtime": "./jsx.js" } }',
      'jsx.js': 'export const jsx = (tag, props) => typeof tag === "function" ? tag(props) : [tag, props.children]',
    },
    entry: 'src/app.tsx',
    value: ['p', 'x'],
  },
  {
    name: 'JSX and paths as files say that tsconfig.json extends',
    files: {
      'package.json': '{ "type": "module", "imports": { "#jsx/jsx-runtime": "./jsx.js" } }',
      'tsconfig.json': '{ /* "paths": {}, */ "extends": ["team", "./paths"], }',
      'paths.json': '{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }',
      'node_modules/team/tsconfig.json': '{ "compilerOptions": { "jsxImportSource": "#jsx" } }',
      'src/app.tsx': "import { Page } from '@/page'\nexport const application = () => <Page title='//' />",
      'src/page.tsx': 'export const Page = (p: { title: string }) => <p>{p.title}</p>',
      'jsx.js': 'export const jsx = (tag, props) => typeof tag === "function" ? tag(props) : [tag, props.children]',
    },
    entry: 'src/app.tsx',
    value: ['p', '//'],
  },
]

const entries = CASES.map(({ files: contents, entry = 'app.ts' }) => `${files(t, contents)}/${entry}`)
const [modules, mains] = await Promise.all([loadEach(entries), loadEach(entries, { main: true })])

for (const [index, { name, value }] of CASES.entries()) {
  t.test(`TypeScript: ${name}`, async t => {
    t.match(modules[index], { value })
    t.match(mains[index], { value }, 'as the main script')
  })
}

t.test('what Node loads by itself is not run by jiti', { skip: !nodeKnowsTypeScript && 'Node 20' }, async t => {
  const asks = `import { createRequire } from 'node:module'
    export const application = () => Object.keys(createRequire(import.meta.url).cache).some(file => file.includes('/jiti/'))`
  const directory = files(t, { ...MODULE, 'app.ts': asks, 'enum.ts': `enum A { a }\n${asks}` })
  t.equal((await load(`${directory}/app.ts`)).value, false)
  t.equal((await load(`${directory}/enum.ts`)).value, true)
})

t.test('no module runs twice, by whichever loader', async t => {
  const directory = files(t, {
    ...MODULE,
    'throws.js': 'console.log("run"); throw new Error("sorry")',
    'throws.cjs': 'console.log("run"); throw new Error("sorry")',
    'imports.js': 'import "./throws.js"',
    'requires.cjs': 'require("./throws.cjs")',
    'late.js': 'console.log("run"); await import("./missing.js")',
    'esm.ts': 'enum A { a }\nimport "./throws.js"',
    'deep.ts': 'enum A { a }\nimport "./imports.js"',
    'cjs.ts': 'enum A { a }\nimport "./requires.cjs"',
    'required.cts': 'enum A { a }\nrequire("./requires.cjs")',
    'dynamic.ts': 'console.log("run")\nconst path: string = "./missing.js"\nawait import(path)',
    'lazy.ts': 'enum A { a }\nimport "./late.js"',
  })
  for (const name of ['esm.ts', 'deep.ts', 'cjs.ts', 'required.cts', 'dynamic.ts', 'lazy.ts']) {
    const { said, error } = await load(`${directory}/${name}`)
    t.same(said, ['run'], name)
    t.match(error, /sorry|missing\.js/, name)
  }
})
