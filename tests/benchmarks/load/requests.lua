-- Sends the requests of a file by turns. Its lines are path, cookie and body, with tabs between them; UNIQUE in a body
-- becomes a number that was never there before. An answer without the marker counts as wrong.
--   wrk --script requests.lua URL -- FILE FIRST_NUMBER MARKER

local requests, count = {}, 0
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

local function formatted(path, cookie, body)
  local headers = { ["Content-Type"] = "application/json", ["X-Forwarded-Proto"] = "https" }
  if cookie ~= "" then headers["Cookie"] = cookie end
  return wrk.format("POST", path, headers, body)
end

function init(args)
  for line in io.lines(args[1]) do
    local path, cookie, body = line:match("^(.-)\t(.-)\t(.*)$")
    if body:find("UNIQUE", 1, true) then
      table.insert(requests, function() return formatted(path, cookie, (body:gsub("UNIQUE", count))) end)
    else
      local text = formatted(path, cookie, body)
      table.insert(requests, function() return text end)
    end
  end
  count = tonumber(args[2])
  wrong = 0
  local marker = args[3]
  if marker then
    response = function(status, headers, body)
      if not body:find(marker, 1, true) then wrong = wrong + 1 end
    end
  end
end

function request()
  count = count + 1
  return requests[count % #requests + 1]()
end

function done(summary, latency)
  local errors, wrong = summary.errors, 0
  for _, thread in ipairs(threads) do wrong = wrong + thread:get("wrong") end
  print(string.format(
    '{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "failed": %d}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout + wrong))
end
