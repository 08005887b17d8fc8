import { type Case, line, refused, refusedByNode, request, served } from '../case.js'

// Each form of a target belongs to its methods and has its grammar (RFC 9112, section 3.2).

const target = (text: string, method = 'GET'): string => line(`${method} ${text} HTTP/1.1`)

export const targets: readonly Case[] = [
  served('the root', target('/'), '200 GET / '),
  served('a query alone', target('/?')),
  served('escapes', target('/a%20b%2Fc?d=%26'), '200 GET /a%20b%2Fc?d=%26 '),
  served('two slashes', target('//a/b')),
  served('dots', target('/a/../b/./c')),
  served('the marks of a URL', target("/-._~!$&'()*+,;=:@/?x[]={}|^`")),
  served('quotation marks', target('/with_"quotes"?foo="bar"')),
  served('angle brackets', target('/<a>?<b>')),
  served('a fragment', target('/a#b')),
  served('a backslash', target('/a\\b')),
  served('a percent sign that begins no escape', target('/%zz%')),
  served('an escape of NUL', target('/%00')),
  served('an escape of CR and LF', target('/%0d%0aSet-Cookie:%20a')),
  refusedByNode(served('bytes from 0x80', request('GET /\xc3\xa0%20k HTTP/1.0', 'Connection: keep-alive'))),
  refusedByNode(served('bytes from 0x80 that are no UTF-8', target('/\xff?\xfe'))),
  served('the absolute form', target('http://b/a?c')),
  served('the absolute form with a port', target('http://b:8080/a')),
  served('the absolute form of https', target('https://b/a')),
  served('the absolute form of an address', target('http://[::1]:80/a')),
  served('the absolute form without a path', target('http://b')),
  served('OPTIONS *', target('*', 'OPTIONS')),
  served('M-SEARCH *', line('M-SEARCH * HTTP/1.1', 'MAN: "ssdp:discover"', 'ST: "ssdp:all"')),
  served('user and password in the absolute form', target('http://a%12:b!&*$@b:1234/toto')),
  served('a query right behind the host', target('http://b?c=d')),
  served('two question marks', target('/a?b=c?d')),
  refused('GET *', target('*')),
  refused('POST *', target('*', 'POST')),
  refused('OPTIONS * and more', target('*a', 'OPTIONS')),
  refused('OPTIONS ** ', target('**', 'OPTIONS')),
  ...['a', 'a/b', '?a', '#a', './a', '..', '%2f', '@', ';', ':80', '\\', '\\a'].map(text =>
    refused(`the relative target ${text}`, target(text)),
  ),
  ...['b:80', 'b.c:80', '127.0.0.1:80', '[::1]:80', 'b', 'u@b:80'].map(text =>
    refused(`GET ${text}, which is for CONNECT`, target(text)),
  ),
  ...['http://', 'http:///a', 'http://:80/a', 'http://?a', 'http://#a', 'http:/a', 'http:a', 'http:', '://b/a'].map(
    text => refused(`${text}, which has no host`, target(text)),
  ),
  ...['http://a b/', 'http://]/', 'http://[::1/a', 'http://b:x/', 'http://b:99999/', 'http://b,c/', 'http://b%zz/'].map(
    text => refused(`${text}, whose host is none`, target(text)),
  ),
  refused('PUT s://]ufd/:', target('s://]ufd/:', 'PUT')),
  refused('a quotation mark in the authority', target('http://"b"/')),
  ...['\x00', '\x01', '\t', '\x0b', '\x1f', '\x7f'].map(byte =>
    refused(`the byte ${JSON.stringify(byte)} in a target`, target(`/a${byte}b`)),
  ),
  refused('NUL behind the target', target('/a\x00')),
  refused('CONNECT to a host', target('b:80', 'CONNECT'), 501),
  refused('CONNECT to an address', target('[::1]:443', 'CONNECT'), 501),
  ...['/', '/a', 'b', 'b:', ':80', '*', 'http://b:80/', 'b:80/a', 'b:x', 'u@b:80', 'b:99999', '[::1:80', ''].map(text =>
    refused(`CONNECT ${text}`, target(text, 'CONNECT')),
  ),
]
