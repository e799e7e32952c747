public import Forms
import Keying

/// The body of a request, read as what somebody filled in.
extension AdminRequest {
    /// The one JSON object that is the body. Without a body it has no members, for calls that need none.
    public func form() throws(AdminFault) -> ObjectReader {
        let report = FormReport(takesNull: true)
        guard let reader = ObjectReader(try json(), path: "", report: report) else {
            throw .unprocessable(report.faults.map { FormFault(path: "body", message: $0.message) })
        }
        return reader
    }

    /// Ends the reading of the form: a member that nobody asked for is a fault, and all faults are named.
    public func finish(_ reader: ObjectReader) throws(AdminFault) {
        reader.finish()
        guard reader.report.faults.isEmpty else { throw .unprocessable(reader.report.faults) }
    }

    private func json() throws(AdminFault) -> JSONValue {
        if body.isEmpty { return .object([]) }
        do throws(JSONFault) { return try JSONValue.parse(body.span) } catch { throw .invalidJSON(error) }
    }
}
