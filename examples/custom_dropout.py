"""A dropout of one's own that reads `self.training` follows the mode as any other: nothing is wrong here."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class WordDropout(nn.Module):
    """Drops whole words of a sentence, not single features."""

    def __init__(self, p=0.2):
        super().__init__()
        self.p = p

    def forward(self, words):
        if not self.training:
            return words
        keep = torch.rand(words.shape[:2], device=words.device) > self.p
        return words * keep.unsqueeze(-1) / (1 - self.p)


class Sentiment(nn.Module):
    def __init__(self, vocabulary=50, features=16):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, features)
        self.dropout = WordDropout(0.2)
        self.fc = nn.Linear(features, 2)

    def forward(self, sentences):
        return self.fc(self.dropout(self.embedding(sentences)).mean(dim=1))


def train(model, loader, criterion, optimizer):
    model.train()
    for sentences, labels in loader:
        optimizer.zero_grad()
        criterion(model(sentences), labels).backward()
        optimizer.step()


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    hits = sum((model(sentences).argmax(dim=1) == labels).sum().item() for sentences, labels in loader)
    return hits / len(loader.dataset)


def main():
    torch.manual_seed(0)
    sentences = torch.randint(0, 50, (1200, 12))
    labels = ((sentences < 25).sum(dim=1) > 6).long()
    train_loader = DataLoader(TensorDataset(sentences[:1000], labels[:1000]), batch_size=50, shuffle=True)
    test_loader = DataLoader(TensorDataset(sentences[1000:], labels[1000:]), batch_size=100)
    model = Sentiment()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for epoch in range(1, 6):
        train(model, train_loader, criterion, optimizer)
        print(f"epoch {epoch}: accuracy {evaluate(model, test_loader):.1%}")


if __name__ == "__main__":
    main()
