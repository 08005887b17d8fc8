import t from 'tap'
import { hookNames, hooks } from '../../config/hooks.js'
import { snakeCase } from '../../config/names.js'
import { defaultText, isAbsent, isDerived, SECTIONS } from '../../config/setting.js'
import { rows, settingNames } from '../../config/settings.js'

t.test('every setting has all columns', async t => {
  for (const name of settingNames) {
    const row = rows[name]
    t.ok(SECTIONS.includes(row.section), `${name}: section`)
    t.match(row.flags ?? '--positional', /^(-[a-zA-Z], |--[a-z-]+, )?--[a-z][a-z0-9-]+$/, `${name}: flag`)
    t.match(row.positional ?? 'ARGS', /^(-- )?[A-Z:]+$/, `${name}: positional`)
    t.not(row.flags === undefined, row.positional === undefined, `${name}: flag or positional`)
    t.match(row.description, /^[^.]{10,110}[^.]$/, `${name}: description`)
    t.match(row.onHup, /^(apply|respawn|restart|none)$/, `${name}: onHup`)
    t.not(row.parser.wanted, '', `${name}: wanted`)
    t.not(defaultText(row), '', `${name}: default`)
    if (!isDerived(row.default) && !isAbsent(row.default)) {
      const value = row.parser.parse(row.default)
      t.same(row.parser.parse(row.parser.repeatable ? row.default : row.parser.print(value)), value, `${name}: prints`)
    }
  }
})

t.test('sections stand together, in their order', async t => {
  t.same([...new Set(settingNames.map(name => rows[name].section))], [...SECTIONS])
  const order = settingNames.map(name => SECTIONS.indexOf(rows[name].section))
  t.same(
    order,
    order.toSorted((a, b) => a - b),
  )
})

t.test('flags, variables and names are used once', async t => {
  const flags = settingNames.flatMap(name => rows[name].flags?.split(', ') ?? [])
  const variables = settingNames.flatMap(name => rows[name].variable?.name ?? [])
  const names = [...settingNames, ...hookNames]
  for (const all of [flags, variables, names, names.map(snakeCase)]) t.equal(new Set(all).size, all.length)
})

t.test('every hook has all columns', async t => {
  for (const name of hookNames) {
    const { process, when, parameters, awaited } = hooks[name]
    t.match(process, /^(arbiter|worker)$/)
    t.match(parameters, /^(server|worker|config)\b/)
    t.match(when, /^[^.]{5,90}$/)
    t.type(awaited, 'boolean')
  }
})
