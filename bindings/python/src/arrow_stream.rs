//! Reads a stream of the Arrow C interface.

use std::ffi::CStr;

use arrow_array::StructArray;
use arrow_array::ffi::{FFI_ArrowArray, from_ffi_and_data_type};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_schema::ffi::FFI_ArrowSchema;
use arrow_schema::{ArrowError, DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

/// The batches of a table.
///
/// arrow's own reader rejects a column of nulls that has a buffer of validity. The interface does
/// not allow such a buffer, but polars writes one.
pub(crate) struct Batches {
    stream: FFI_ArrowArrayStream,
    schema: SchemaRef,
}

impl Batches {
    /// Takes the stream out of its capsule.
    #[allow(unsafe_code, reason = "the interface is a pointer to a C struct")]
    pub(crate) fn from_capsule(
        capsule: &Bound<'_, PyCapsule>,
    ) -> PyResult<Result<Self, ArrowError>> {
        let pointer = capsule.pointer_checked(Some(c"arrow_array_stream"))?;
        // SAFETY: the interface says that a capsule of this name holds such a struct. The struct is
        // moved out, which leaves an empty struct in the capsule.
        let stream = unsafe {
            FFI_ArrowArrayStream::from_raw(pointer.as_ptr().cast::<FFI_ArrowArrayStream>())
        };
        Ok(Self::new(stream))
    }

    #[allow(unsafe_code, reason = "the stream is a C struct of functions")]
    fn new(mut stream: FFI_ArrowArrayStream) -> Result<Self, ArrowError> {
        let failed = |text: &str| ArrowError::CDataInterface(text.to_owned());
        if stream.release().is_none() {
            return Err(failed("the stream was read before"));
        }
        let get_schema = stream
            .get_schema()
            .ok_or_else(|| failed("there is no schema"))?;
        let mut schema = FFI_ArrowSchema::empty();
        // SAFETY: the function is called with the stream that it was read from.
        if unsafe { get_schema(&raw mut stream, &raw mut schema) } != 0 {
            return Err(producer_error(&mut stream));
        }
        Ok(Self {
            stream,
            schema: Schema::try_from(&schema)?.into(),
        })
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }
}

impl Iterator for Batches {
    type Item = Result<StructArray, ArrowError>;

    #[allow(unsafe_code, reason = "the stream is a C struct of functions")]
    fn next(&mut self) -> Option<Self::Item> {
        let get_next = self.stream.get_next()?;
        let mut array = FFI_ArrowArray::empty();
        // SAFETY: the function is called with the stream that it was read from.
        if unsafe { get_next(&raw mut self.stream, &raw mut array) } != 0 {
            return Some(Err(producer_error(&mut self.stream)));
        }
        if array.is_released() {
            return None;
        }
        let kind = DataType::Struct(self.schema.fields().clone());
        let kind = importable(&kind, &array);
        // SAFETY: the array has the schema of the stream, as the interface requires, and
        // `importable` keeps the layout.
        let data = unsafe { from_ffi_and_data_type(array, kind) };
        Some(data.map(StructArray::from))
    }
}

#[allow(unsafe_code, reason = "the stream is a C struct of functions")]
fn producer_error(stream: &mut FFI_ArrowArrayStream) -> ArrowError {
    let text = stream.get_last_error().and_then(|get_last_error| {
        // SAFETY: the last operation on the stream failed, and the text is copied at once.
        unsafe {
            let text = get_last_error(stream);
            (!text.is_null()).then(|| CStr::from_ptr(text).to_string_lossy().into_owned())
        }
    });
    ArrowError::CDataInterface(text.unwrap_or_else(|| "the producer gave no reason".to_owned()))
}

/// The type with which an array is imported. An array of nulls with a buffer of validity has the
/// layout of a struct without fields.
fn importable(kind: &DataType, array: &FFI_ArrowArray) -> DataType {
    let child = |field: &FieldRef, index: usize| -> FieldRef {
        let kind = importable(field.data_type(), array.child(index));
        Field::clone(field).with_data_type(kind).into()
    };
    match kind {
        DataType::Null if array.num_buffers() == 1 => DataType::Struct(Fields::empty()),
        DataType::Struct(fields) if fields.len() == array.num_children() => {
            let fields = fields.iter().enumerate();
            DataType::Struct(fields.map(|(index, field)| child(field, index)).collect())
        }
        DataType::List(field) if array.num_children() == 1 => DataType::List(child(field, 0)),
        DataType::LargeList(field) if array.num_children() == 1 => {
            DataType::LargeList(child(field, 0))
        }
        DataType::ListView(field) if array.num_children() == 1 => {
            DataType::ListView(child(field, 0))
        }
        DataType::LargeListView(field) if array.num_children() == 1 => {
            DataType::LargeListView(child(field, 0))
        }
        DataType::FixedSizeList(field, length) if array.num_children() == 1 => {
            DataType::FixedSizeList(child(field, 0), *length)
        }
        kind => kind.clone(),
    }
}
