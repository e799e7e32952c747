-- One question, spelled differently each time: the raw body never repeats, so the JSON must be parsed.
--
-- A counter is written into the body as white space: three gaps of twelve characters, each a space or a tab. The order
-- of the members rotates with it. All spellings have the same length.

local folder = debug.getinfo(1, "S").source:match("^@(.*/)")
dofile(folder .. "report.lua")

local gaps, orders = {}, {}
local head, counter

local function permutations(rest, chosen)
    if #rest == 0 then orders[#orders + 1] = chosen end
    for index = 1, #rest do
        local others, more = {}, { unpack(chosen) }
        for other = 1, #rest do
            if other ~= index then others[#others + 1] = rest[other] end
        end
        more[#more + 1] = rest[index]
        permutations(others, more)
    end
end

function init(args)
    local settings = parameters(args)
    for number = 0, 4095 do
        local characters = {}
        for bit = 0, 11 do
            characters[bit + 1] = math.floor(number / 2 ^ bit) % 2 == 0 and " " or "\t"
        end
        gaps[number] = table.concat(characters)
    end
    permutations(settings.members, {})
    local length = #"{,,,}" + 36
    for _, member in ipairs(settings.members) do length = length + #member end
    head = "POST /v1/classify HTTP/1.1\r\nHost: benchmark\r\nx-api-key: " .. settings.key
        .. "\r\nContent-Type: application/json\r\nContent-Length: " .. length .. "\r\n\r\n{"
    counter = settings.first + thread_number * 100000000
end

function request()
    counter = counter + 1
    local order = orders[counter % #orders + 1]
    local low, middle, high = counter % 4096, math.floor(counter / 4096) % 4096, math.floor(counter / 16777216) % 4096
    return head .. order[1] .. gaps[low] .. "," .. order[2] .. gaps[middle] .. "," .. order[3] .. gaps[high]
        .. "," .. order[4] .. "}"
end
