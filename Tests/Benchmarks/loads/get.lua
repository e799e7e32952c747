-- One small GET that is passed through. Static for wrk, which then runs no Lua while it measures.

local folder = debug.getinfo(1, "S").source:match("^@(.*/)")
dofile(folder .. "report.lua")

function init(args)
    wrk.headers["x-api-key"] = parameters(args).key
end
