-- wrk sends 16 requests at once, and then waits for all of their answers.
local sixteen

function init()
  sixteen = string.rep(wrk.format('GET', '/'), 16)
end

function request()
  return sixteen
end
