-- What all loads share: a number for each thread, and one line of figures at the end that the harness reads.

local threads = 0

function setup(thread)
    thread:set("thread_number", threads)
    threads = threads + 1
end

-- The parameters that the harness wrote for this run: a Lua file that returns a table.
function parameters(args) return dofile(args[1]) end

-- A whole request up to the document's identifier, and what follows it. Both are joined per request, since
-- wrk.format would build the head anew each time.
function request_parts(settings, key)
    local length = #settings.body_before + 36 + #settings.body_after
    local before = "POST /v1/classify HTTP/1.1\r\nHost: benchmark\r\nx-api-key: " .. (key or settings.key)
        .. "\r\nContent-Type: application/json\r\nContent-Length: " .. length .. "\r\n\r\n" .. settings.body_before
    return before, settings.body_after
end

function document_identifier(number) return string.format("%08x-5148-4ffb-bb7b-%012x", number, number) end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        "RESULT requests=%d seconds=%.6f p50=%.1f p99=%.1f p999=%.1f errors=%d not_ok=%d timeouts=%d\n",
        summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
        latency:percentile(99.9), errors.connect + errors.read + errors.write, errors.status, errors.timeout))
end
