-- Each request of wrk is an upload of 1 MB.
wrk.method = 'POST'
wrk.body = string.rep('x', 1000000)
wrk.headers['Content-Type'] = 'application/octet-stream'
