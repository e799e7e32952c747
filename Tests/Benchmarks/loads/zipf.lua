-- Questions about many documents, the n-th most popular one asked about 1/n as often as the first. Requests are made
-- before the measurement; the order is the same for every contestant.

local folder = debug.getinfo(1, "S").source:match("^@(.*/)")
dofile(folder .. "report.lua")

local requests, ranks = {}, nil
local position

function init(args)
    local settings = parameters(args)
    local before, after = request_parts(settings)
    for number = 0, settings.documents - 1 do
        requests[number] = before .. document_identifier(number) .. after
    end
    ranks = dofile(settings.ranks)
    position = thread_number * 7919
end

function request()
    position = position + 1
    return requests[ranks[position % #ranks + 1]]
end
