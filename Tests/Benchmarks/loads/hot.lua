-- One question, always spelled the same. Static for wrk, which then runs no Lua while it measures.

local folder = debug.getinfo(1, "S").source:match("^@(.*/)")
dofile(folder .. "report.lua")

function init(args)
    local settings = parameters(args)
    wrk.method = "POST"
    wrk.path = "/v1/classify"
    wrk.body = settings.body
    wrk.headers["x-api-key"] = settings.key
    wrk.headers["Content-Type"] = "application/json"
    if settings.closes then wrk.headers["Connection"] = "close" end
end
