-- Each request of wrk is a POST of 1 KB.
wrk.method = 'POST'
wrk.body = string.rep('x', 1024)
wrk.headers['Content-Type'] = 'application/octet-stream'
