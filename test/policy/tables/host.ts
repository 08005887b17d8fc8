import { type Case, get, line, refused, request, served } from '../case.js'

// One host, which is one (RFC 9112, section 3.2; RFC 9110, section 7.2).

const host = (value: string): string => request('GET / HTTP/1.1', `Host: ${value}`)

export const hosts: readonly Case[] = [
  ...['a', 'a.b:80', 'A.b', 'a_b', 'a-b', 'a.', 'a:', 'xn--a', '%41', '1.2.3.4', '1.2.3.4:8000', '1.2.3.999'].map(
    value => served(`the host ${value}`, host(value)),
  ),
  ...['[::1]', '[::1]:80', '[::ffff:1.2.3.4]', '[v1.a]', 'a:65535', "a!$&'()*+;=~"].map(value =>
    served(`the host ${value}`, host(value)),
  ),
  served('an empty host', host('')),
  served('blanks around the host', host('  a  ')),
  served('a tab before the host', 'GET / HTTP/1.1\r\nHost:\ta\r\n\r\n'),
  served('no blank before the host', 'GET / HTTP/1.1\r\nHost:a\r\n\r\n'),
  served('the name of the field in capitals', 'GET / HTTP/1.1\r\nHOST: a\r\n\r\n'),
  served('HTTP/1.0 without a host', request('GET / HTTP/1.0', 'Connection: keep-alive')),
  served('another host than the target', line('GET http://b/ HTTP/1.1')),
  refused('no host', request('GET / HTTP/1.1')),
  refused('no host, but other fields', request('GET / HTTP/1.1', 'X-Host: a', 'Hosts: a', 'Hos: a')),
  refused('no host with an absolute target', request('GET http://a/ HTTP/1.1')),
  refused('two hosts', get('Host: b')),
  refused('the same host twice', get('Host: a')),
  refused('the same host twice, in two cases', get('HOST: a')),
  refused('two hosts, the first of them empty', request('GET / HTTP/1.1', 'Host:', 'Host: a')),
  refused('two hosts, with others between', get('X: y', 'host: b')),
  refused('two hosts in HTTP/1.0', request('GET / HTTP/1.0', 'Host: a', 'Host: b')),
  refused('an invalid host in HTTP/1.0', request('GET / HTTP/1.0', 'Host: a b')),
  ...['a b', 'a, b', 'a,b', ',', 'a/b', 'a/', '/', 'u@a', 'u:p@a', '@', 'a?b', 'a#b', 'a\\b', '"a"', '<a>', 'a|b'].map(
    value => refused(`the host ${value}`, host(value)),
  ),
  ...['a:http', 'a:99999', 'a:-1', 'a:+1', 'a:8 0', 'a:80:80', ':80', '::1', 'a:65536', 'a:0x50'].map(value =>
    refused(`the host ${value}, whose port is none`, host(value)),
  ),
  ...['[::1', '::1]', '[', '[]', '[a]', '[:::]', '[::1]a', '[::1]:x', '[1.2.3.4]', '[::1%25eth0]', '[::1%eth0]'].map(
    value => refused(`the host ${value}, whose brackets are wrong`, host(value)),
  ),
  ...['a\xe9', '\xff', 'a%zz', 'a%', 'a\tb', 'http://a', 'http://a/', 'a{b}', 'a^b', 'a`b'].map(value =>
    refused(`the host ${JSON.stringify(value)}, which has what no host has`, host(value)),
  ),
]
