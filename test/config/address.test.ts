import t from 'tap'
import { UnicornError } from '../../lib/errors.js'
import {
  type Address,
  anchorAddress,
  bindText,
  formatAddress,
  parseAddress,
  sameAddress,
} from '../../lib/listeners/address.js'

const GOOD: [text: string, address: Address, formatted: string][] = [
  ['localhost', { kind: 'tcp', host: 'localhost', port: 8000 }, 'http://localhost:8000'],
  ['https://:443', { kind: 'tcp', host: '0.0.0.0', port: 443, tls: true }, 'https://0.0.0.0:443'],
  ['http://:80', { kind: 'tcp', host: '0.0.0.0', port: 80, tls: false }, 'http://0.0.0.0:80'],
  ['https://unix:@x', { kind: 'abstract', name: 'x', tls: true }, 'https://unix:@x'],
  ['127.0.0.1:80', { kind: 'tcp', host: '127.0.0.1', port: 80 }, 'http://127.0.0.1:80'],
  [':80', { kind: 'tcp', host: '0.0.0.0', port: 80 }, 'http://0.0.0.0:80'],
  ['a-b.example:0', { kind: 'tcp', host: 'a-b.example', port: 0 }, 'http://a-b.example:0'],
  ['[::1]:80', { kind: 'tcp', host: '::1', port: 80 }, 'http://[::1]:80'],
  ['[::]', { kind: 'tcp', host: '::', port: 8000 }, 'http://[::]:8000'],
  ['unix:/run/app.sock', { kind: 'unix', path: '/run/app.sock' }, 'unix:/run/app.sock'],
  ['unix:app.sock', { kind: 'unix', path: 'app.sock' }, 'unix:app.sock'],
  ['unix:///run/a', { kind: 'unix', path: '/run/a' }, 'unix:/run/a'],
  ['fd://3', { kind: 'fd', fd: 3 }, 'fd://3'],
  ['fd://shop.socket', { kind: 'named', name: 'shop.socket' }, 'fd://shop.socket'],
  ['unix:@shop', { kind: 'abstract', name: 'shop' }, 'unix:@shop'],
]

const BAD: [text: string, message: RegExp][] = [
  ['', /wanted HOST, HOST:PORT/],
  ['ftp://localhost:80', /wanted HOST/],
  ['host:65536', /wanted a port from 0/],
  ['host:', /wanted a port/],
  ['host:80x', /wanted a port/],
  ['8000', /wanted a colon before a port \(:8000\)/],
  ['::1', /wanted brackets around it: \[::1\]:PORT/],
  ['[::1]80', /wanted HOST/],
  ['[nope]:80', /wanted an IPv6 address/],
  ['[]:80', /wanted an IPv6 address/],
  ['a b:80', /wanted HOST/],
  ['unix:', /wanted unix:PATH/],
  ['fd://', /wanted fd:\/\/N/],
  ['fd://a:b', /wanted fd:\/\/N/],
  ['unix:@', /wanted unix:PATH or unix:@NAME/],
  ['fd://1', /stdin, stdout and stderr/],
]

t.test('addresses are read, and written for people and for bind', async t => {
  for (const [text, address, formatted] of GOOD) {
    t.same(parseAddress(text), address, text)
    t.equal(formatAddress(address), formatted)
    t.same(parseAddress(bindText(address)), address, `${text} can be read again`)
  }
})

t.test('what is no address is refused with what was found and wanted', async t => {
  for (const [text, message] of BAD) {
    t.throws(() => parseAddress(text), { name: 'UnicornError', message, cause: { found: text } }, text)
  }
})

t.test('a unix path may be as long as the system takes it', async t => {
  const longest = `/${'x'.repeat(106)}`
  t.same(parseAddress(`unix:${longest}`), { kind: 'unix', path: longest })
  t.throws(() => parseAddress(`unix:${longest}x`), { message: /at most 107 bytes \(this one has 108\)/ })
  t.throws(() => parseAddress(`unix:/${'é'.repeat(54)}`), UnicornError, 'bytes count, not letters')
})

t.test('a relative unix path is made absolute, however deep the directory is', async t => {
  t.same(anchorAddress({ kind: 'unix', path: 'a.sock' }, '/srv'), { kind: 'unix', path: '/srv/a.sock' })
  t.same(anchorAddress({ kind: 'fd', fd: 3 }, '/srv'), { kind: 'fd', fd: 3 })
  const deep = `/${'x'.repeat(200)}`
  t.same(anchorAddress({ kind: 'unix', path: 'a.sock' }, deep), { kind: 'unix', path: `${deep}/a.sock` })
})

t.test('addresses are the same where they are written for the same socket', async t => {
  t.ok(sameAddress(parseAddress('0.0.0.0:80'), parseAddress(':80')))
  t.notOk(sameAddress(parseAddress('0.0.0.0:80'), parseAddress(':81')))
  t.notOk(sameAddress(parseAddress('unix:3'), parseAddress('fd://3')))
})
