public import Forms
import JSON

/// Reads the body of a request as a form.
extension AdminRequest {
    /// Faults of one form beyond this number are only counted: formatting them takes time, and they are not read.
    private static let faultsMax = 100

    /// The JSON object in the body. An empty body is an object without members, for calls that need none.
    public func form() throws(AdminFault) -> ObjectReader {
        let report = FormReport(takesNull: true, faultsMax: Self.faultsMax)
        guard let reader = ObjectReader(try json(), path: "", report: report) else {
            throw .unprocessable(report.faults.map { FormFault(path: "body", message: $0.message) })
        }
        return reader
    }

    /// Ends the reading of the form: an unknown member is a fault, and the error names the faults.
    public func finish(_ reader: ObjectReader) throws(AdminFault) {
        reader.finish()
        let report = reader.report
        guard report.faults.isEmpty else { throw .unprocessable(report.faults, beside: report.droppedCount) }
    }

    private func json() throws(AdminFault) -> JSONValue {
        if body.isEmpty { return .object([]) }
        do throws(JSONFault) { return try JSONValue.parse(body.span) } catch { throw .invalidJSON(error) }
    }
}
