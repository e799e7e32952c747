-- Sends one request at a fixed mean rate, whatever the server does (an open loop), and reports how long answers took
-- from the moment they were due. For luajit: luajit pacer.lua PORT RATE SECONDS CONNECTIONS PARAMETERS
--
-- wrk waits for answers before it asks again and can pause only in whole milliseconds, which makes bursts. Here the
-- pauses are exponentially distributed, like those of many independent clients.

local ffi = require("ffi")
ffi.cdef [[
typedef struct { long seconds, nanoseconds; } moment;
typedef struct { uint16_t family, port; uint32_t address; char rest[8]; } socket_address;
int clock_gettime(int clock, moment *now);
int socket(int family, int type, int protocol);
int connect(int socket, const socket_address *address, unsigned length);
int setsockopt(int socket, int level, int name, const int *value, unsigned length);
long send(int socket, const char *bytes, size_t count, int flags);
long recv(int socket, char *bytes, size_t count, int flags);
int epoll_create1(int flags);
int epoll_ctl(int epoll, int operation, int socket, void *what);
int epoll_wait(int epoll, void *events, int count, int timeout);
]]
-- epoll_event(2): packed on x86-64 only.
local gap = ffi.arch == "x64" and "" or "uint32_t gap; "
ffi.cdef("typedef struct { uint32_t events; " .. gap .. "uint32_t number, unused; } event;")
local C = ffi.C

local port, rate, seconds, connections = tonumber(arg[1]), tonumber(arg[2]), tonumber(arg[3]), tonumber(arg[4])
local settings = dofile(arg[5])
local request = "POST /v1/classify HTTP/1.1\r\nHost: benchmark\r\nx-api-key: " .. settings.key
    .. "\r\nContent-Type: application/json\r\nContent-Length: " .. #settings.body .. "\r\n\r\n" .. settings.body

local clock = ffi.new("moment")
local function microseconds()
    C.clock_gettime(1, clock)
    return tonumber(clock.seconds) * 1e6 + tonumber(clock.nanoseconds) / 1e3
end

local function swapped(value) return value % 256 * 256 + math.floor(value / 256) end

local epoll = C.epoll_create1(0)
local sockets, idle, pieces = {}, {}, {}
for number = 1, connections do
    local socket = C.socket(2, 1, 0)
    local address = ffi.new("socket_address", { family = 2, port = swapped(port), address = 0x0100007F })
    assert(C.connect(socket, address, 16) == 0, "cannot connect")
    C.setsockopt(socket, 6, 1, ffi.new("int[1]", 1), 4) -- TCP_NODELAY
    C.epoll_ctl(epoll, 1, socket, ffi.new("event", { events = 1, number = number }))
    sockets[number], idle[number], pieces[number] = socket, number, ""
end

local function is_whole(answer)
    local _, head_end = answer:find("\r\n\r\n", 1, true)
    return head_end and #answer >= head_end + tonumber(answer:match("Content%-Length: (%d+)"))
end

-- A second of warming up is not counted: the just-in-time compiler and the server's caches need it.
local buffer, events = ffi.new("char[65536]"), ffi.new("event[64]")
local due, latencies = {}, {}
local start = microseconds()
local counts_from, ends = start + 1e6, start + 1e6 + seconds * 1e6
local next_due, in_flight = start, 0
while true do
    local now = microseconds()
    while now >= next_due and next_due < ends and #idle > 0 do
        local number = table.remove(idle)
        due[number] = next_due
        assert(C.send(sockets[number], request, #request, 0x4000) == #request, "cannot send")
        in_flight = in_flight + 1
        next_due = next_due - math.log(1 - math.random()) * 1e6 / rate
    end
    local ready = C.epoll_wait(epoll, events, 64, 0)
    for index = 0, ready - 1 do
        local number = events[index].number
        local count = tonumber(C.recv(sockets[number], buffer, 65536, 0))
        assert(count > 0, "a connection was closed")
        local answer = pieces[number] .. ffi.string(buffer, count)
        if is_whole(answer) then
            assert(answer:sub(1, 12) == "HTTP/1.1 200", "an answer that is not 200")
            if due[number] >= counts_from then latencies[#latencies + 1] = microseconds() - due[number] end
            pieces[number] = ""
            idle[#idle + 1] = number
            in_flight = in_flight - 1
        else
            pieces[number] = answer
        end
    end
    if next_due >= ends and in_flight == 0 then break end
    assert(now < ends + 10e6, "answers are missing")
end

table.sort(latencies)
local function percentile(share) return latencies[math.max(1, math.ceil(#latencies * share / 100))] end
io.write(string.format("RESULT requests=%d seconds=%.6f p50=%.1f p99=%.1f p999=%.1f errors=0 not_ok=0 timeouts=0\n",
    #latencies, seconds, percentile(50), percentile(99), percentile(99.9)))
