/// How one instance uses the GPUs of its host.
package enum GPUUse: Hashable, Sendable {
    /// So many devices that nobody else is on.
    case whole(Int64)
    /// So many thousandths of one device, beside the shares of others.
    case share(milli: Int64)

    /// One whole device, in the unit of shares.
    package static let device: Int64 = 1_000

    /// How many devices one instance is on.
    package var devices: Int {
        switch self {
        case .whole(let count): Int(count)
        case .share: 1
        }
    }

    /// What one instance takes of each device it is on, in thousandths of it.
    package var milli: Int64 {
        switch self {
        case .whole: Self.device
        case .share(let milli): milli
        }
    }
}

extension Resources {
    /// How one instance of these amounts uses GPUs; `nil` where it asks for none.
    package var gpuUse: GPUUse? {
        if gpuShareMilli > 0 { return .share(milli: gpuShareMilli) }
        return gpuCount > 0 ? .whole(gpuCount) : nil
    }

    /// Whole devices and shares together, in devices: 2 or 0.5.
    package var gpus: Double { Double(gpuCount) + Double(gpuShareMilli) / Double(GPUUse.device) }
}
