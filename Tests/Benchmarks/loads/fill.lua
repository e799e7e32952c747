-- Asks about each of N documents once and ends when all are answered. One thread only.

local folder = debug.getinfo(1, "S").source:match("^@(.*/)")
dofile(folder .. "report.lua")

local before, after, documents
local asked, answered = 0, 0

function init(args)
    local settings = parameters(args)
    before, after = request_parts(settings)
    documents = settings.documents
end

function request()
    -- wrk cannot send nothing: the last connections ask again until the last answer has arrived.
    local number = asked % documents
    asked = asked + 1
    return before .. document_identifier(number) .. after
end

function response(status, _, body)
    if status ~= 200 then
        io.stderr:write("answered ", status, ": ", body, "\n")
        os.exit(1)
    end
    answered = answered + 1
    -- Answers arrive in a different order than requests; the first ones sent are answered by then.
    if answered == documents + 256 then os.exit(0) end
end
