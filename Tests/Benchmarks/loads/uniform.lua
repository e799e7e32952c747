-- Any of N documents and M teams with equal probability: the worst case for processor caches.

local folder = debug.getinfo(1, "S").source:match("^@(.*/)")
dofile(folder .. "report.lua")

local befores, after = {}, nil
local documents, teams

function init(args)
    local settings = parameters(args)
    documents, teams = settings.documents, settings.teams
    for team = 0, teams - 1 do
        befores[team] = request_parts(settings, string.format(settings.key_format, team))
    end
    local _
    _, after = request_parts(settings)
    math.randomseed(thread_number + 1)
end

function request()
    return befores[math.random(0, teams - 1)] .. document_identifier(math.random(0, documents - 1)) .. after
end
