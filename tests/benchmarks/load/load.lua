-- What wrk sends, as the benchmark's driver tells it:
--   wrk --script load.lua URL -- turns FILE FIRST_NUMBER [MARKER]
-- sends the requests of the file by turns; UNIQUE in a body becomes a number that was never there before.
--   wrk --script load.lua URL -- purchases FILE FIRST_NUMBER
-- buys: a new visitor puts three products into the cart and checks out. Needs a thread for each connection. The file's
-- first request adds PRODUCT, the second checks out with UNIQUE in its key, and the rest of its lines are products' ids.
-- A request is a line of path, cookie, accepted encoding, what its answer must have in it, and body, with tabs between
-- them.

local HEADERS = {
  ["Content-Type"] = "application/json",
  ["X-Forwarded-Proto"] = "https",
}
local threads = {}

function setup(thread)
  table.insert(threads, thread)
  thread:set("thread_number", #threads)
end

local function read(line)
  local path, cookie, encoding, marker, body = line:match("^(.-)\t(.-)\t(.-)\t(.-)\t(.*)$")
  return { path = path, cookie = cookie, encoding = encoding, marker = marker, body = body }
end

local function formatted(request, cookie, body)
  local headers = {}
  for name, value in pairs(HEADERS) do headers[name] = value end
  if cookie ~= "" then headers["Cookie"] = cookie end
  if request.encoding ~= "" then headers["Accept-Encoding"] = request.encoding end
  return wrk.format("POST", request.path, headers, body)
end

local function take_turns(lines, first)
  local requests, count = {}, first
  for _, line in ipairs(lines) do
    local asked = read(line)
    if asked.body:find("UNIQUE", 1, true) then
      table.insert(requests, function()
        return formatted(asked, asked.cookie, (asked.body:gsub("UNIQUE", string.format("%d", count))))
      end)
    else
      local text = formatted(asked, asked.cookie, asked.body)
      table.insert(requests, function() return text end)
    end
  end
  function request()
    count = count + 1
    return requests[count % #requests + 1]()
  end
  -- Looking at answers costs wrk much: done only where an answer may be a refusal.
  local marker = read(lines[1]).marker
  if marker ~= "" then
    function response(status, headers, body)
      if not body:find(marker, 1, true) then wrong = wrong + 1 end
    end
  end
end

local function purchase(lines, first)
  local add, buy = read(lines[1]), read(lines[2])
  local products = #lines - 2
  local number, step, cookie = first + thread_number * 1000000, 0, ""
  -- wrk may ask for a request that it does not send: only an answer leads to the next step.
  function request()
    if step < 3 then
      local product = lines[3 + (number * 31 + step * 7) % products]
      return formatted(add, cookie, (add.body:gsub("PRODUCT", product)))
    end
    return formatted(buy, cookie, (buy.body:gsub("UNIQUE", string.format("%012d", number))))
  end
  function response(status, headers, body)
    for name, value in pairs(headers) do
      if name:lower() == "set-cookie" then cookie = value:match("sessionid=[^;]+") or cookie end
    end
    if not body:find((step < 3 and add or buy).marker, 1, true) then
      wrong = wrong + 1
      step = 4
    end
    step = step + 1
    if step >= 4 then number, step, cookie = number + 1, 0, "" end
  end
end

function init(args)
  local lines = {}
  for line in io.lines(args[2]) do table.insert(lines, line) end
  wrong = 0
  local mode = args[1] == "purchases" and purchase or take_turns
  mode(lines, tonumber(args[3]))
end

function done(summary, latency)
  local errors, wrong = summary.errors, 0
  for _, thread in ipairs(threads) do wrong = wrong + thread:get("wrong") end
  print(string.format(
    '{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "failed": %d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout + wrong))
end
