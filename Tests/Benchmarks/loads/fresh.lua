-- Documents that were never asked about before: every request is a miss.

local folder = debug.getinfo(1, "S").source:match("^@(.*/)")
dofile(folder .. "report.lua")

local before, after, number

function init(args)
    local settings = parameters(args)
    before, after = request_parts(settings)
    number = settings.first + thread_number * settings.share
end

function request()
    number = number + 1
    return before .. document_identifier(number) .. after
end
