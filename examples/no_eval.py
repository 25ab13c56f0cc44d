"""Classify short texts, given as word numbers, by their averaged word vectors."""

import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class TextClassifier(nn.Module):
    def __init__(self, vocab_size, embed_dim, num_classes, dropout=0.5):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(embed_dim, num_classes)

    def forward(self, tokens):
        vectors = self.embedding(tokens).mean(dim=1)
        return self.fc(self.dropout(vectors))


def train_one_epoch(model, loader, criterion, optimizer):
    model.train()
    running_loss = 0.0
    for tokens, labels in loader:
        optimizer.zero_grad()
        loss = criterion(model(tokens), labels)
        loss.backward()
        optimizer.step()
        running_loss += loss.item()
    return running_loss / len(loader)


def evaluate(model, loader, criterion):
    running_loss, correct, total = 0.0, 0, 0
    with torch.no_grad():  # evaluation mode: no gradients needed
        for tokens, labels in loader:
            logits = model(tokens)
            running_loss += criterion(logits, labels).item()
            correct += (logits.argmax(dim=-1) == labels).sum().item()
            total += labels.size(0)
    return running_loss / len(loader), correct / total


def make_texts(count, vocab_size):
    """Texts of 12 words; the label is 1 where words of the upper half prevail."""
    tokens = torch.randint(0, vocab_size, (count, 12))
    labels = (tokens >= vocab_size // 2).sum(dim=1) > 6
    return TensorDataset(tokens, labels.long())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--vocab-size", type=int, default=500)
    parser.add_argument("--embed-dim", type=int, default=32)
    parser.add_argument("--lr", type=float, default=0.01)
    args = parser.parse_args()

    torch.manual_seed(7)
    train_loader = DataLoader(make_texts(4000, args.vocab_size), batch_size=args.batch_size, shuffle=True)
    val_loader = DataLoader(make_texts(500, args.vocab_size), batch_size=args.batch_size)
    model = TextClassifier(args.vocab_size, args.embed_dim, num_classes=2)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)

    for epoch in range(args.epochs):
        train_loss = train_one_epoch(model, train_loader, criterion, optimizer)
        val_loss, accuracy = evaluate(model, val_loader, criterion)
        print(f"{epoch}: train {train_loss:.3f}  validation {val_loss:.3f}  accuracy {accuracy:.3f}")


if __name__ == "__main__":
    main()
