-- Requests of wrk whose path and Cookie differ each time.
local count = 0

function request()
  count = count + 1
  wrk.headers['Cookie'] = 'session=' .. count * 7919 .. '; theme=dark; seen=' .. count
  return wrk.format('GET', '/articles/' .. count .. '?page=' .. count % 100)
end
