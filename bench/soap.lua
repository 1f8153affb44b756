-- wrk -s soap.lua: posts the SOAP envelope of the file SOAP_BODY with the session SOAP_COOKIE.
local file = assert(io.open(os.getenv("SOAP_BODY")))
wrk.method, wrk.body = "POST", file:read("*a")
file:close()
wrk.headers["Content-Type"] = "text/xml; charset=utf-8"
wrk.headers["SOAPAction"] = '"urn:vim25/6.5"'
wrk.headers["Cookie"] = os.getenv("SOAP_COOKIE")

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format('{"per_s": %.1f, "p50": %.3f, "p99": %.3f, "errors": %d}\n',
        summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000, latency:percentile(99) / 1000,
        errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
