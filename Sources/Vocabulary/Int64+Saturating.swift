/// Arithmetic that stays at the least and the greatest number instead of trapping: for numbers that come from outside, or
/// from a file that may be damaged. A comparison more than what traps.
extension Int64 {
    @inlinable
    public func saturatingAdd(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        // Only two numbers of one sign overflow.
        return overflow ? (self < 0 ? .min : .max) : sum
    }

    @inlinable
    public func saturatingSubtract(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        // Only two numbers of different signs overflow.
        return overflow ? (self < 0 ? .min : .max) : difference
    }

    @inlinable
    public func saturatingMultiply(_ other: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
    }
}
