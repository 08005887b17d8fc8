import t from 'tap'
import { printConfig } from '../../config/print.js'
import { resolveConfig } from '../../config/resolve.js'
import { settingNames } from '../../config/settings.js'

t.test('a line for each setting, with its origin', async t => {
  const argv = ['app:x', '-t', '90', '-e', 'API_TOKEN=abc', '-e', 'A=1', '-b', '[::1]:80', '-b', 'unix:/run/a.sock']
  argv.push('--', '--key=abc', '--password', 'abc', 'redis://u:abc@h', 'a b')
  const resolved = await resolveConfig({ argv, env: { WEB_CONCURRENCY: '2' }, cwd: t.testdir({}) })
  const printed = printConfig(resolved)
  const lines = printed.trimEnd().split('\n')
  t.same(
    lines.map(line => line.split(' ')[0]),
    settingNames,
  )
  t.match(printed, /^timeout += 90s +# command line --timeout$/m)
  t.match(printed, /^gracefulTimeout += 30s +# default$/m)
  t.match(printed, /^workers += 2 +# environment WEB_CONCURRENCY$/m)
  t.match(printed, /^bind += \[::1\]:80, unix:\/run\/a\.sock +# command line --bind$/m)
  t.match(printed, /^pidfile += none +# default$/m)
  t.match(printed, /^rawEnv += API_TOKEN=\*\*\*, A=1 +# command line --env$/m)
  t.match(printed, /^args += --key=\*\*\* --password \*\*\* redis:\/\/u:\*\*\*@h 'a b' +# command line$/m)
  t.notMatch(printed, 'abc')
  t.equal(new Set(lines.map(line => line.indexOf('='))).size, 1, 'aligned')
})
